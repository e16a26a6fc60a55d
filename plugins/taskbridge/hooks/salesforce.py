"""Logging in to Salesforce through the provider's hook, in whichever way its connection holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from xml.parsers.expat import ExpatError

import requests
from airflow.providers.salesforce.hooks.salesforce import SalesforceHook
from jwt.exceptions import PyJWTError
from requests.adapters import HTTPAdapter
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from taskbridge.errors import (
    AuthenticationFailed,
    CallRefused,
    ConnectionMissing,
    ContractBroken,
    SideUnreachable,
    TaskBridgeError,
)
from taskbridge.hooks.connections import SALESFORCE, connection_named
from taskbridge.hooks.salesforce_domain import understood
from taskbridge.hooks.salesforce_login import NEEDS, REMEDIES, Way, way_of
from taskbridge.sides.hosts import Straight
from taskbridge.sides.http import TIMEOUTS
from taskbridge.sides.salesforce.side import SalesforceSession
from taskbridge.sides.strangers import strange_answer

if TYPE_CHECKING:
    from airflow.sdk import Connection

_LONGEST_QUOTE: Final = 200
_DOMAINS: Final = (".salesforce.com", ".salesforce.mil", ".sfcrmproducts.cn")


def log_in() -> SalesforceSession:
    """A fresh session. Of the hook nothing but `get_conn` is used.

    Raises ConnectionMissing, AuthenticationFailed, SideUnreachable, CallRefused, ContractBroken, and what requests
    raises on the way.
    """
    connection = understood(connection_named(SALESFORCE))
    way = way_of(connection)
    session = _LoginSession(connection.extra_dejson)
    try:
        client = _Hook(SALESFORCE, session=session).get_conn()
    except requests.RequestException:
        raise
    except SalesforceAuthenticationFailed as refused:
        raise _refused(refused, way) from refused
    except (AttributeError, LookupError, TypeError, ValueError, OSError, ExpatError, PyJWTError) as error:
        if session.asked:
            # The cause is left out: it may quote the token.
            raise _misshapen(way, type(error).__name__) from None
        # What the libraries raise for what is no real key, no readable file or no version. The cause is left out: it
        # may quote what it could not use.
        raise ConnectionMissing(
            f"The Airflow connection {SALESFORCE} cannot be used to log in by {way} ({type(error).__name__}); "
            f"check {', '.join(NEEDS[way])}."
        ) from None
    if not isinstance(client.session_id, str) or not client.session_id:
        raise _misshapen(way, "no access token")
    return SalesforceSession(_instance(str(client.sf_instance), session.asked), client.session_id)


class _Hook(SalesforceHook):
    """The provider's, with a domain in whichever form people copy it."""

    @classmethod
    def get_connection(cls, conn_id: str) -> Connection:
        return understood(connection_named(conn_id))


class _TimedAdapter(HTTPAdapter):
    """The hook's library sets no timeout; a host that swallows packets would hold a worker for minutes."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        return super().send(request, *args, **options | {"timeout": options.get("timeout") or TIMEOUTS})


class _LoginSession(Straight):
    """Of one login. `asked`: the host that was, with its port."""

    def __init__(self, extras: Mapping[str, Any]) -> None:
        super().__init__()
        self.asked = ""
        self.mount("https://", _TimedAdapter())
        # Given a session, the library leaves the connection's proxies aside.
        proxies = extras.get("proxies") or {}
        self.proxies.update(json.loads(proxies) if isinstance(proxies, str) else proxies)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        response = super().send(request, **options)
        self.asked = urlsplit(request.url or "").netloc
        if 300 <= response.status_code < 400:
            what, remedy = strange_answer(response.status_code, response.headers.get("Location"))
            raise CallRefused(f"{SALESFORCE}: the login to Salesforce {what}; {remedy}")
        return response


def _instance(told: str, asked: str) -> str:
    """The address of the org's instance as the login told it: Salesforce's own, or of the host that was asked."""
    place = urlsplit(f"https://{told}")
    salesforces = place.netloc.lower().endswith(_DOMAINS) and place.netloc == place.hostname
    if place.path.strip("/") or not (salesforces or place.netloc == asked):
        raise ContractBroken(
            f"{SALESFORCE}: the login to {asked} names the instance {ascii(told)[:60]}, which is neither that host nor "
            "one of Salesforce's; the session is not sent there; check the connection's domain, and look what stands "
            "in between"
        )
    return f"https://{place.netloc}"


def _misshapen(way: Way, seen: str) -> ContractBroken:
    return ContractBroken(
        f"{SALESFORCE}: expected a session as the answer to the login by {way}, got something else ({seen}); check the "
        "connection's domain, and look what stands in between"
    )


def _refused(refused: SalesforceAuthenticationFailed, way: Way) -> TaskBridgeError:
    # For an answer that is no JSON the library gives the HTTP status as the code and the page as the message.
    if isinstance(refused.code, int) and refused.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return SideUnreachable(
            f"{SALESFORCE}: the login to Salesforce answered HTTP {refused.code} without a token; "
            "see its status page if this lasts; the next run tries again by itself"
        )
    if isinstance(refused.code, int):
        what, remedy = strange_answer(refused.code, None)
        return CallRefused(f"{SALESFORCE}: the login to Salesforce {what}; {remedy}")
    seen = ": ".join(str(part) for part in (refused.code, refused.auth_message) if part) or "no reason given"
    return AuthenticationFailed(
        f"{SALESFORCE}: Salesforce refused the login by {way} ({seen[:_LONGEST_QUOTE]}); {REMEDIES[way]}"
    )
