"""Secrets stay with the host that they are meant for: no redirect is followed, no address leads elsewhere, TLS only."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests

from taskbridge.errors import SideUnreachable


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


def redirected(connection: str, system: str, response: requests.Response) -> SideUnreachable:
    """What a login says that was answered with a redirect."""
    try:
        place = urlsplit(response.headers.get("Location", "")).hostname or "a page of its own"
    except ValueError:
        place = "what is no address"
    return SideUnreachable(
        f"{connection}: {system} answers the login with a redirect (HTTP {response.status_code} to {place}), which is "
        "not followed, as credentials stay with the host that the connection names; correct its address, or look what "
        "stands in between (a proxy or a sign-in page)"
    )


def is_redirect(response: requests.Response) -> bool:
    return 300 <= response.status_code < 400
