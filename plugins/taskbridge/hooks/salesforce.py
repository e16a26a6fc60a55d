"""Logging in to Salesforce through the provider's hook, in whichever way its connection holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import requests
from airflow.providers.salesforce.hooks.salesforce import SalesforceHook
from requests.adapters import HTTPAdapter
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from taskbridge.errors import AuthenticationFailed, ConnectionMissing, SideUnreachable, TaskBridgeError
from taskbridge.hooks.connections import SALESFORCE, connection_named
from taskbridge.sides.http import TIMEOUTS
from taskbridge.sides.salesforce import SalesforceSession

_LONGEST_QUOTE: Final = 200


def log_in() -> SalesforceSession:
    """A fresh session. Of the hook nothing but `get_conn` is used.

    Raises ConnectionMissing, AuthenticationFailed, SideUnreachable, and what requests raises on the way.
    """
    extras = connection_named(SALESFORCE).extra_dejson
    try:
        client = SalesforceHook(SALESFORCE, session=_session(extras)).get_conn()
    except requests.RequestException:
        raise
    except SalesforceAuthenticationFailed as refused:
        raise _refused(refused) from refused
    except (TypeError, ValueError, OSError) as error:
        # What the libraries raise for a connection that holds no complete way of logging in, or no real key.
        raise ConnectionMissing(
            f"The Airflow connection {SALESFORCE} cannot be used to log in ({type(error).__name__}); "
            "it needs domain, consumer key and consumer secret, or all parts of another way of logging in."
        ) from error
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


def _refused(refused: SalesforceAuthenticationFailed) -> TaskBridgeError:
    # For an answer that is no JSON the library gives the HTTP status as the code and the page as the message.
    if isinstance(refused.code, int):
        return SideUnreachable(
            f"{SALESFORCE}: the login to Salesforce answered HTTP {refused.code} without a token; "
            "check the connection's domain and the system's status page; the next run tries again"
        )
    seen = ": ".join(str(part) for part in (refused.code, refused.message) if part) or "no reason given"
    return AuthenticationFailed(
        f"{SALESFORCE}: Salesforce refused the login ({seen[:_LONGEST_QUOTE]}); "
        "correct the connection's consumer key and secret, and check the app's run-as user"
    )
