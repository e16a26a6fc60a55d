"""How many calls a plan takes, and how much of it fits into the calls that are left (G7). Plain arithmetic.

Repeated calls, logins, and rows that have to be looked up once more after a refusal come on top.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from types import MappingProxyType
from typing import Final

from taskbridge.core.api_calls import job_calls
from taskbridge.core.terms import Op
from taskbridge.core.usage import CallKind, Calls

Rows = Mapping[Op, int]

_NONE: Final[Rows] = MappingProxyType({})

FIRST_TO_GO: Final = (Op.UPDATE, Op.DELETE, Op.CREATE)
"""Of changes that wait equally long. A task that somebody completed or removed must not be worked on a second time
on the other side; a copy that comes later only comes later."""


@dataclass(frozen=True)
class Terms:
    """What a system takes at once, in rows.

    `one_by_one`: each row is a write of its own; of so few updates as `alone` too, and where `finds_out`, the first of
    these once more. From `job_from` rows on a Bulk job writes them; None: never.
    """

    rows: int
    looked_up: int
    one_by_one: bool = False
    alone: int = 0
    finds_out: bool = False
    job_from: int | None = None


def to_write(rows: Rows, terms: Terms, delicate: Rows = _NONE) -> Calls:
    """Calls by kind. What exists already is read again before it is written; `delicate`: those of the rows that are
    so chunk by chunk and that no job writes, as all deletes are."""
    calls: Counter[CallKind] = Counter()
    for op, number in rows.items():
        careful = number if op is Op.DELETE else delicate.get(op, 0)
        plain = number - careful
        by_job = plain if terms.job_from is not None and plain >= terms.job_from else 0
        plain -= by_job
        calls[CallKind.BULK] += job_calls(by_job)
        calls[CallKind.WRITE] += _writes(op, careful, plain, terms)
        if op is not Op.CREATE:
            calls[CallKind.LOOK_UP] += ceil(by_job / terms.looked_up) + _look_ups(careful, plain, terms)
    return +calls


def _writes(op: Op, careful: int, plain: int, terms: Terms) -> int:
    number = careful + plain
    if terms.one_by_one:
        return number
    if op is Op.UPDATE and 0 < number <= terms.alone:
        return number + terms.finds_out
    # Rows that are read again together are written together.
    lots = [number] if number <= terms.rows else [careful, plain]
    return sum(ceil(lot / terms.rows) for lot in lots)


def _look_ups(careful: int, plain: int, terms: Terms) -> int:
    if careful + plain <= terms.rows:
        return ceil((careful + plain) / terms.looked_up)
    return ceil(careful / min(terms.rows, terms.looked_up)) + ceil(plain / terms.looked_up)


def cost(ops: Sequence[Op], terms: Terms, delicate: Sequence[bool]) -> Calls:
    """Calls by kind of writing these rows; `delicate` runs along them."""
    careful = Counter(op for op, one in zip(ops, delicate, strict=True) if one)
    return to_write(Counter(ops), terms, careful)


def fitting(ops: Sequence[Op], left: int | None, terms: Terms, delicate: Sequence[bool]) -> int:
    """How many of these rows, from the first on, `left` calls are enough for; all where nobody counts. `delicate`
    runs along the rows."""
    if left is None or _total(ops, terms, delicate) <= left:
        return len(ops)
    enough, too_many = 0, len(ops)
    while too_many - enough > 1:
        middle = (enough + too_many) // 2
        if _total(ops[:middle], terms, delicate[:middle]) <= left:
            enough = middle
        else:
            too_many = middle
    return enough


def _total(ops: Sequence[Op], terms: Terms, delicate: Sequence[bool]) -> int:
    return sum(cost(ops, terms, delicate).values())


def together(*parts: Calls) -> Calls:
    """The sum of calls, by kind."""
    total: Counter[CallKind] = Counter()
    for part in parts:
        total.update(part)
    return +total
