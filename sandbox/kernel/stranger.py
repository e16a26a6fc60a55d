"""What stands between a client and a service, and answers in its place: a proxy, a firewall, a sign-in page."""

from http import HTTPStatus

from fastapi.responses import HTMLResponse, Response

REDIRECTS = frozenset({301, 302, 303, 307, 308})
STATUSES = REDIRECTS | {200, 403, 407}
SIGN_IN = "https://sso.example.com/login?state=not-for-eyes"


def strange_answer(status: int, location: str | None) -> Response:
    """An answer without a word of the service; `location` belongs to a redirect."""
    if status in REDIRECTS:
        return HTMLResponse(_page("Object moved"), status, {"Location": location or SIGN_IN})
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        login = {"Proxy-Authenticate": 'Basic realm="proxy.example.com"', "Connection": "close"}
        return HTMLResponse(_page("Cache access denied"), status, login)
    return HTMLResponse(_page("Sign in" if status == HTTPStatus.OK else "Access denied"), status)


def _page(title: str) -> str:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
