"""Logging in to Salesforce through the provider's hook, in whichever way its connection holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import requests
from airflow.providers.salesforce.hooks.salesforce import SalesforceHook
from jwt.exceptions import PyJWTError
from requests.adapters import HTTPAdapter
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from taskbridge.errors import AuthenticationFailed, ConnectionMissing, SideUnreachable, TaskBridgeError
from taskbridge.hooks.connections import SALESFORCE, connection_named
from taskbridge.hooks.salesforce_login import NEEDS, REMEDIES, Way, way_of
from taskbridge.sides.http import TIMEOUTS
from taskbridge.sides.salesforce import SalesforceSession

_LONGEST_QUOTE: Final = 200


def log_in() -> SalesforceSession:
    """A fresh session. Of the hook nothing but `get_conn` is used.

    Raises ConnectionMissing, AuthenticationFailed, SideUnreachable, and what requests raises on the way.
    """
    connection = connection_named(SALESFORCE)
    way = way_of(connection)
    try:
        client = SalesforceHook(SALESFORCE, session=_session(connection.extra_dejson)).get_conn()
    except requests.RequestException:
        raise
    except SalesforceAuthenticationFailed as refused:
        raise _refused(refused, way) from refused
    except (TypeError, ValueError, OSError, PyJWTError) as error:
        # What the libraries raise for what is no real key, no readable file or no version. The cause is left out: it
        # may quote what it could not use.
        raise ConnectionMissing(
            f"The Airflow connection {SALESFORCE} cannot be used to log in by {way} ({type(error).__name__}); "
            f"check {', '.join(NEEDS[way])}."
        ) from None
    return SalesforceSession(f"https://{client.sf_instance}", client.session_id)


class _TimedAdapter(HTTPAdapter):
    """The hook's library sets no timeout; a host that swallows packets would hold a worker for minutes."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        return super().send(request, *args, **options | {"timeout": options.get("timeout") or TIMEOUTS})


def _session(extras: Mapping[str, Any]) -> requests.Session:
    session = requests.Session()
    session.mount("https://", _TimedAdapter())
    # Given a session, the library leaves the connection's proxies aside.
    proxies = extras.get("proxies") or {}
    session.proxies.update(json.loads(proxies) if isinstance(proxies, str) else proxies)
    return session


def _refused(refused: SalesforceAuthenticationFailed, way: Way) -> TaskBridgeError:
    # For an answer that is no JSON the library gives the HTTP status as the code and the page as the message.
    if isinstance(refused.code, int):
        return SideUnreachable(
            f"{SALESFORCE}: the login to Salesforce answered HTTP {refused.code} without a token; "
            "check the connection's domain and the system's status page; the next run tries again"
        )
    seen = ": ".join(str(part) for part in (refused.code, refused.auth_message) if part) or "no reason given"
    return AuthenticationFailed(
        f"{SALESFORCE}: Salesforce refused the login by {way} ({seen[:_LONGEST_QUOTE]}); {REMEDIES[way]}"
    )
