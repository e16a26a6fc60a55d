"""Secrets stay with the host that they are meant for: no redirect is followed, no address leads elsewhere, TLS only."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

_READS: Final = 1
"""Connections for what is read while calls that write are under way."""


class Straight(requests.Session):
    """Sends what it is given to the host that it names, over TLS, or nowhere; for any number of threads.

    `writes`: calls that write and are under way at once. Each keeps its connection for the next one. No cookie is kept:
    nothing here needs one, and a jar that one thread fills while another reads it breaks the call of the other.
    """

    def __init__(self, writes: int = 1) -> None:
        super().__init__()
        self.adapters.pop("http://")
        self.mount("https://", HTTPAdapter(pool_maxsize=writes + _READS))
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


def own_address(base_url: str, address: str) -> str:
    """The whole address of a path of this host, or of an address out of one of its answers.

    Raises ValueError for what names another host.
    """
    if address.startswith("/") and not address.startswith("//"):
        return base_url + address
    given, own = urlsplit(address), urlsplit(base_url)
    if (given.scheme, given.netloc) != (own.scheme, own.netloc):
        raise ValueError("not an address of the host that was asked")
    return address
