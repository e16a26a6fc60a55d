"""Query errors with the piece of the query they are about."""

from __future__ import annotations

from ..errors import ApiError

_CONTEXT = 40


def query_error(code: str, query: str, position: int, message: str) -> ApiError:
    """As the API words it: the text around `position`, a caret under it, row and column (1-based)."""
    before, after = query[:position], query[position:]
    row = before.count("\n") + 1
    column = position - (before.rfind("\n") + 1) + 1
    head = before[before.rfind("\n") + 1 :]
    if len(head) > _CONTEXT:
        cut = head[-_CONTEXT:]
        head = cut[cut.find(" ") + 1 :]
    tail = after.split("\n", 1)[0]
    if len(tail) > _CONTEXT:
        tail = tail[:_CONTEXT].rsplit(" ", 1)[0] if " " in tail[:_CONTEXT] else tail[:_CONTEXT]
    text = f"\n{head}{tail}\n{' ' * len(head)}^\nERROR at Row:{row}:Column:{column}\n{message}"
    return ApiError(code, text)
