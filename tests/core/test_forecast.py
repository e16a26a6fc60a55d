"""G7: what a plan costs in calls, and how much of it fits."""

from __future__ import annotations

import pytest

from taskbridge.core.forecast import FIRST_TO_GO, Terms, fitting, to_write, together
from taskbridge.core.terms import Op
from taskbridge.core.usage import CallKind, Told, counted, theirs

IDLE = 2  # a run that finds nothing: the users, and what changed
SALESFORCE = Terms(200, 200)
LOOKS_FAR = Terms(200, 2_000)
ALONE = Terms(200, 2_000, alone=3, finds_out=True)
JOBS = Terms(200, 2_000, job_from=2_201)


@pytest.mark.parametrize(
    ("op", "rows", "terms", "look_ups", "writes"),
    [
        (Op.CREATE, 0, SALESFORCE, 0, 0),
        (Op.CREATE, 1, SALESFORCE, 0, 1),
        (Op.CREATE, 201, SALESFORCE, 0, 2),
        (Op.UPDATE, 201, SALESFORCE, 2, 2),
        (Op.DELETE, 2_001, LOOKS_FAR, 11, 11),
        (Op.UPDATE, 2_001, LOOKS_FAR, 2, 11),
        (Op.UPDATE, 3, ALONE, 1, 4),
        (Op.UPDATE, 4, ALONE, 1, 1),
        (Op.CREATE, 3, ALONE, 0, 1),
        (Op.DELETE, 101, Terms(100, 100, one_by_one=True), 2, 101),
        (Op.CREATE, 101, Terms(100, 100, one_by_one=True), 0, 101),
    ],
)
def test_what_exists_is_read_again_before_it_is_written(
    op: Op, rows: int, terms: Terms, look_ups: int, writes: int
) -> None:
    wanted = {CallKind.LOOK_UP: look_ups, CallKind.WRITE: writes}
    assert to_write({op: rows}, terms) == {kind: calls for kind, calls in wanted.items() if calls}


@pytest.mark.parametrize(("terms", "calls"), [(LOOKS_FAR, 57), (JOBS, 18)])
def test_10000_updates_fit_what_is_promised(terms: Terms, calls: int) -> None:
    assert IDLE + sum(to_write({Op.UPDATE: 10_000}, terms).values()) == calls


@pytest.mark.parametrize("op", list(Op))
def test_200_changes_of_one_kind_fit_what_is_promised(op: Op) -> None:
    assert IDLE + sum(to_write({op: 200}, LOOKS_FAR).values()) <= 4


def test_a_job_writes_what_is_many_and_not_delicate() -> None:
    assert to_write({Op.UPDATE: 2_201}, JOBS) == {CallKind.BULK: 11, CallKind.LOOK_UP: 2}
    assert to_write({Op.CREATE: 2_200}, JOBS) == {CallKind.WRITE: 11}
    assert to_write({Op.DELETE: 2_400}, JOBS) == {CallKind.WRITE: 12, CallKind.LOOK_UP: 12}
    assert to_write({Op.UPDATE: 2_400}, JOBS, {Op.UPDATE: 200}) == {CallKind.WRITE: 12, CallKind.LOOK_UP: 3}
    assert to_write({Op.UPDATE: 2_401}, JOBS, {Op.UPDATE: 200}) == {
        CallKind.BULK: 11,
        CallKind.LOOK_UP: 3,
        CallKind.WRITE: 1,
    }


def test_each_kind_fills_calls_of_its_own() -> None:
    assert to_write({Op.CREATE: 1, Op.UPDATE: 1, Op.DELETE: 1}, SALESFORCE) == {
        CallKind.WRITE: 3,
        CallKind.LOOK_UP: 2,
    }


@pytest.mark.parametrize(
    ("left", "fits"),
    [(None, 500), (500, 500), (7, 500), (6, 400), (5, 399), (4, 399), (2, 200), (1, 0), (0, 0)],
)
def test_G7_as_many_rows_as_the_calls_last_for_and_in_order(left: int | None, fits: int) -> None:
    """200 updates cost 2 calls, 199 more 2, a delete 2, 100 creates 1."""
    ops = [*[Op.UPDATE] * 399, Op.DELETE, *[Op.CREATE] * 100]
    assert fitting(ops, left, SALESFORCE, [op is Op.DELETE for op in ops]) == fits


def test_G7_completions_and_deletes_go_before_creates_that_wait_as_long() -> None:
    assert FIRST_TO_GO == (Op.UPDATE, Op.DELETE, Op.CREATE)


@pytest.mark.parametrize(
    ("left", "most", "reserve", "ours"),
    [(100, 100, 0.1, 90), (10, 100, 0.1, 0), (5, 100, 0.1, 0), (100, 15, 0.1, 98), (100, None, 0.1, 100)],
)
def test_G7_the_reserve_is_not_ours(left: int, most: int | None, reserve: float, ours: int) -> None:
    assert Told(left, most).ours(reserve) == ours
    assert theirs(100, 0.07) == 7, "not 8, as the product in floating point would have it"


def test_a_login_is_no_call_of_the_allocation() -> None:
    assert counted(together({CallKind.LOGIN: 2, CallKind.QUERY: 1}, {CallKind.QUERY: 2})) == 3
