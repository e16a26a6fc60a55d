"""How a page is made: the template, what all of them know, and the headers that keep it to itself."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from taskbridge.web import words
from taskbridge.web.files import named

if TYPE_CHECKING:
    from taskbridge.web.reading import Reader

TABS: Final = {
    "overview": "Overview",
    "find": "Find a task",
    "plan": "Plan",
    "conflicts": "Conflicts",
    "problems": "Problems",
    "drift": "Drift",
    "command-center": "Command Center",
}
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
STATEMENTS: Final = "X-TaskBridge-Statements"


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("taskbridge.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"tabs": TABS, "files": named(), "words": words}
    environment.filters |= words.FILTERS
    return environment


def show(
    request: Request, template: str, *, reader: Reader | None = None, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page. Every value is escaped: titles of tasks are whatever strangers typed."""

    def link(**changes: Any) -> str:
        """This page with other parameters; those without a value go."""
        given = {**request.query_params, **changes}
        return "?" + urlencode({name: content for name, content in given.items() if content})

    tab = request.url.path.rpartition("/")[2]
    text = (
        _templates()
        .get_template(f"{template}.html")
        .render(tab=tab, query=request.query_params, link=link, **values)
    )
    headers = {} if reader is None else {STATEMENTS: str(reader.statements)}
    return HTMLResponse(text, status, headers)
