"""Which way of logging in a Salesforce connection means; the provider's library chooses by what is filled in.

The library looks at the parts in an order of its own, so a connection that holds the parts of two ways would be used
in one of them without a word. Here it is refused with one sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from taskbridge.errors import ConnectionMissing
from taskbridge.hooks.connections import SALESFORCE

if TYPE_CHECKING:
    from airflow.sdk import Connection


class Way(StrEnum):
    """A way of logging in, by the name that people know it by."""

    CLIENT_CREDENTIALS = "client credentials"
    JWT_BEARER = "JWT bearer"
    PASSWORD = "user name and password of an app"
    SOAP = "user name, password and security token"


NEEDS: Final[Mapping[Way, tuple[str, ...]]] = {
    Way.CLIENT_CREDENTIALS: ("domain", "consumer_key", "consumer_secret"),
    Way.JWT_BEARER: ("username", "consumer_key", "private_key"),
    Way.PASSWORD: ("username", "password", "consumer_key", "consumer_secret"),
    Way.SOAP: ("username", "password", "security_token"),
}
"""What each way needs. `private_key` may be `private_key_file_path`, `security_token` may be `organization_id`."""

REMEDIES: Final[Mapping[Way, str]] = {
    Way.CLIENT_CREDENTIALS: "correct the connection's consumer key and secret, and check the app's run-as user",
    Way.JWT_BEARER: "check that the app holds the certificate of the private key, and that the user may use the app "
    "without being asked (a permission set of the app)",
    Way.PASSWORD: "correct user name, password, consumer key and secret; the org may have switched this way off",
    Way.SOAP: "correct user name, password and security token; the org may have switched this way off",
}
"""What helps when Salesforce refuses a login of that way."""

_WAYS: Final = "; ".join(f"{way} ({', '.join(parts)})" for way, parts in NEEDS.items())
_SECRETS: Final = frozenset({"consumer_secret", "private_key", "password", "security_token"})
_PREFIX: Final = "extra__salesforce__"
_SHARED: Final = ("login", "test")  # hosts that know no org, so that client credentials do not work there


def way_of(connection: Connection) -> Way:
    """The one way of which the connection holds all parts, and no secret of another.

    Raises ConnectionMissing with one sentence when it holds none, or what could be meant as two.
    """
    held = _held(connection)
    whole = [way for way, parts in NEEDS.items() if set(parts) <= held]
    fitting = [way for way in whole if held & _SECRETS <= set(NEEDS[way])]
    if fitting == [Way.CLIENT_CREDENTIALS]:
        _refuse_what_turns_them_into_another(connection, held)
    if len(fitting) == 1:
        return fitting[0]
    seen = ", ".join(sorted(held)) or "nothing"
    what = "parts of more than one way" if whole else "no whole way"
    raise ConnectionMissing(
        f"The Airflow connection {SALESFORCE} holds {what} of logging in ({seen}); "
        f"fill in one of these and nothing of the others: {_WAYS}."
    )


def _refuse_what_turns_them_into_another(connection: Connection, held: frozenset[str]) -> None:
    if "username" in held:
        raise ConnectionMissing(
            f"The Airflow connection {SALESFORCE} holds the parts of client credentials and a user name as well; "
            "remove the user name, or add the password and log in with both."
        )
    domain = _extra(connection, "domain")
    if domain in _SHARED:
        raise ConnectionMissing(
            f"The Airflow connection {SALESFORCE} names the domain {domain}, which takes no client credentials; "
            "name your My Domain, such as acme.my."
        )


def _held(connection: Connection) -> frozenset[str]:
    extra = {
        name: _extra(connection, name) or _extra(connection, other)
        for name, other in (
            ("domain", "domain"),
            ("consumer_key", "consumer_key"),
            ("consumer_secret", "consumer_secret"),
            ("private_key", "private_key_file_path"),
            ("security_token", "organization_id"),
        )
    }
    given = {**extra, "username": connection.login, "password": connection.password}
    return frozenset(name for name, value in given.items() if value)


def _extra(connection: Connection, name: str) -> str:
    extras = connection.extra_dejson
    return str(extras.get(name) or extras.get(f"{_PREFIX}{name}") or "")
