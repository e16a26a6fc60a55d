"""What an org refuses of IN (SELECT ...), in its words."""

from __future__ import annotations

from collections.abc import Iterator

from .resolve import Scope
from .syntax import Condition, Logic, Membership, Query

_MOST = 2
# Of the objects here; Event, Note and others are like it.
_NEVER_INNER = ("task",)
_OR = "Semi join sub-selects are not allowed with the 'OR' operator"
_NESTED_LOGIC = (
    "Semi join sub-selects are only allowed at the top level WHERE expressions "
    "and not in nested WHERE expressions."
)


def check_inner_selects(scope: Scope, query: Query) -> None:
    """Raises ApiError MALFORMED_QUERY."""
    if query.where is None:
        return
    inner = [(each, _misplaced(query.where, each)) for each in _inner(query.where)]
    for number, (each, misplaced) in enumerate(inner, 1):
        if refused := misplaced or _refused(query, each) or _too_many(number):
            raise scope.error("MALFORMED_QUERY", each.sobject_at, refused)
        for deeper in _inner(each.where) if each.where else ():
            message = "Nesting of semi join sub-selects is not supported"
            raise scope.error("MALFORMED_QUERY", deeper.sobject_at, message)


def _inner(condition: Condition) -> Iterator[Query]:
    if isinstance(condition, Logic):
        for operand in condition.operands:
            yield from _inner(operand)
    elif isinstance(condition, Membership) and condition.subquery is not None:
        yield condition.subquery


def _misplaced(where: Condition, inner: Query) -> str | None:
    """Under an OR, at the top or further down."""
    if not isinstance(where, Logic):
        return None
    if where.operator == "OR":
        return _OR
    within = next(operand for operand in where.operands if inner in _inner(operand))
    return _NESTED_LOGIC if _misplaced(within, inner) else None


def _refused(outer: Query, inner: Query) -> str | None:
    name = inner.sobject
    if name.lower() in _NEVER_INNER:
        return f"Entity '{name}' is not supported for semi join inner selects"
    if name.lower() == outer.sobject.lower():
        return "The inner and outer selects should not be on the same object type"
    return None


def _too_many(number: int) -> str | None:
    return f"Maximum {_MOST} semi join sub-selects are allowed" if number > _MOST else None
