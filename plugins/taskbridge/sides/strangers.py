"""What answers in a system's place, such as a proxy or a sign-in page, and what helps against it (G4).

Nothing of such a call was done, and no row is the reason.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import requests

_LET_THROUGH: Final = "have the proxy or firewall let this worker reach the system"
_SIGN_IN: Final = (
    "correct the address in the connection, and have this worker reach it without a sign-in page in between"
)
_PROXY_LOGIN: Final = (
    "put user and password of the proxy into the worker's HTTPS_PROXY, or name the host in NO_PROXY"
)
_TUNNEL: Final = re.compile(r"Tunnel connection failed: (\d{3})")


def strange_answer(status: int, location: str | None) -> tuple[str, str]:
    """What was seen, and what helps, of an answer without a word of the system. `location`: where it leads."""
    seen = f"HTTP {status} {_phrase(status)}".rstrip()
    if 300 <= status < 400:
        return f"answers with a redirect to {_host(location)} ({seen})", _SIGN_IN
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return f"cannot be reached: a proxy wants a login ({seen})", _PROXY_LOGIN
    return (
        f"answers with something else than its API ({seen}), such as a page of a proxy, a firewall or a sign-in",
        f"{_LET_THROUGH}, and check the address in the connection",
    )


def refused_tunnel(error: requests.exceptions.ProxyError) -> tuple[str, str] | None:
    """The same of a proxy that refuses to connect us at all; None where it may do so in a moment."""
    found = _TUNNEL.search(str(error))
    if found is None or int(found[1]) >= 500:
        return None
    if int(found[1]) == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return strange_answer(int(found[1]), None)
    return f"cannot be reached: a proxy refuses to connect (HTTP {found[1]})", _LET_THROUGH


def _host(location: str | None) -> str:
    """Of an address nothing but the host is shown: the rest may hold what nobody should read."""
    try:
        return urlsplit(location or "").hostname or "another path"
    except ValueError:
        return "an address that is none"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
