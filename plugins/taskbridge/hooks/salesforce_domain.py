"""The host of a login, from what people copy; the provider's library appends `.salesforce.com` to what it is given."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

import attrs

from taskbridge.errors import ConnectionMissing
from taskbridge.hooks.connections import SALESFORCE

if TYPE_CHECKING:
    from airflow.sdk import Connection

_FIELDS: Final = ("domain", "instance_url")
_ENDING: Final = ".salesforce.com"
_SHARED: Final = ("login", "test")
_NAME: Final = re.compile(r"[a-z0-9]+(-+[a-z0-9]+)*(\.[a-z0-9]+(-+[a-z0-9]+)*)*")
_INSTANCE: Final = re.compile(r"[a-z]{2,4}\d+s?")
_PARTITIONS: Final = "sandbox|develop|scratch|demo|free|patch|stage|trailblaze"
# What the browser shows of an org (pages, Setup, files, sites), or a name without its ending.
_ORG: Final = re.compile(
    rf"(?P<org>[^.]+(\.({_PARTITIONS}))?)"
    r"((\.my)?\.(lightning\.force\.com|salesforce-setup\.com|file\.force\.com|site\.com))?"
)


def understood(connection: Connection) -> Connection:
    """The connection with its domains as the library wants them. Raises ConnectionMissing for what is none."""
    extras = dict(connection.extra_dejson)
    for field in _FIELDS:
        for name in (field, f"extra__salesforce__{field}"):
            if extras.get(name):
                extras[name] = _subdomain(field, str(extras[name]))
    return attrs.evolve(connection, extra=json.dumps(extras))


def _subdomain(field: str, given: str) -> str:
    """`acme.my` for `https://acme.my.salesforce.com/`. What ends in `#` is a whole address, as the local stack's is."""
    if given.endswith("#"):
        return given
    host = given.strip().lower().removeprefix("https://").removeprefix("http://")
    host = host.partition("/")[0].removesuffix(".")
    name = host.removesuffix(_ENDING)
    if name in _SHARED or _INSTANCE.fullmatch(name) or (name.endswith(".my") and _NAME.fullmatch(name)):
        return name
    raise ConnectionMissing(
        f"The Airflow connection {SALESFORCE} names the {field} {given[:80]!r}, which is no host to log in at; write "
        f"your org's My Domain without {_ENDING}, {_form(name)} (Setup, My Domain)."
    )


def _form(name: str) -> str:
    seen = _ORG.fullmatch(name)
    return f"{seen['org']}.my" if seen and _NAME.fullmatch(seen["org"]) else "such as acme.my"
