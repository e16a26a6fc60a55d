"""Secrets stay with the host that they are meant for: no redirect is followed, no address leads elsewhere, TLS only."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests


class Straight(requests.Session):
    """Sends what it is given to the host that it names, over TLS, or nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.adapters.pop("http://")

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
