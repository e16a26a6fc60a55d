"""A look before a run of the clock, over HTTPS: it says quiet only where a run would find nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from taskbridge.core.terms import Side
from taskbridge.core.usage import CallKind
from taskbridge.engine.engine import Engine
from taskbridge.engine.ports import Sides
from taskbridge.engine.quiet import Quiet, quiet
from taskbridge.errors import AuthenticationFailed, SideUnreachable
from taskbridge.settings import Settings
from taskbridge.store import Ledger
from tests.contract.sandbox_process import Sandbox
from tests.contract.test_lane import Watched

pytestmark = pytest.mark.postgres
A_COLLEAGUE = "UPDATE bridge.lease SET run_key = 'somebody', expires_at = now() + interval '1 hour'"


class Clocked(Watched):
    """Two systems in step, and a look at them before a run of the clock."""

    settings = Settings()

    def quiet(self) -> Quiet | None:
        sides = Sides(self.both.sc.side, self.both.sf.side)
        return quiet(Engine(self.ledger, sides, self.settings, lambda: True))

    def age(self, seconds: float) -> None:
        """The last run was so much longer ago."""
        self.rows(f"UPDATE bridge.watermark SET moved_at = moved_at - interval '{seconds} s'")

    def found(self) -> tuple[bool, int]:
        """Whether a look says quiet, and its calls."""
        said: list[Quiet | None] = []
        calls = self.calls_in(lambda: said.append(self.quiet()))
        return said[0] is not None, calls


@pytest.fixture
def clocked(sandbox: Sandbox, ledger: Ledger, database_url: str) -> Clocked:
    made = Clocked(sandbox, ledger, database_url)
    assert made.quiet() is not None  # logs in, too
    return made


def test_where_nothing_is_new_a_look_says_quiet_by_three_calls(clocked: Clocked) -> None:
    assert [clocked.found() for _ in range(3)] == [(True, 3)] * 3
    told = str(clocked.quiet())
    ((position,),) = clocked.rows(
        "SELECT to_char(min(position) AT TIME ZONE 'UTC', 'HH24:MI:SS') FROM bridge.watermark"
    )
    assert told.startswith(f"Nothing is new in either system since {position} UTC: nothing else runs.")


@pytest.mark.parametrize("side", list(Side))
def test_a_new_task_an_edit_and_a_delete_are_news_until_a_run_has_read_them(
    clocked: Clocked, side: Side
) -> None:
    world = clocked.world(side)
    task = world.create("Call Ann", owner=world.owner)
    acts: tuple[Callable[[], object], ...] = (
        lambda: None,
        lambda: world.edit(task, title="Call Ann at noon"),
        lambda: world.delete(task),
    )
    for act in acts:
        act()
        assert [clocked.quiet() for _ in range(2)] == [None, None]
        clocked.settle()
        assert clocked.quiet() is not None


def test_news_in_sales_connect_spares_the_call_of_salesforce(clocked: Clocked) -> None:
    clocked.both.sc.create("Call Ann")
    assert clocked.found() == (False, 2)


def test_edits_of_those_who_take_no_part_are_no_news(clocked: Clocked) -> None:
    clocked.both.sf.create("Carl's own", owner=clocked.both.sf._user("carl@example.com"))
    assert clocked.quiet() is not None
    clocked.both.sync()
    assert clocked.quiet() is not None, "nor that a run has staged them"


def test_after_a_run_that_had_something_to_write_the_next_is_one_in_full_without_a_look(
    clocked: Clocked,
) -> None:
    clocked.both.sc.create("Call Ann")
    assert clocked.writes_in(clocked.both.sync) == 1
    clocked.rows("UPDATE bridge.link SET dirty = false")  # what asks for a run by itself
    assert clocked.found() == (False, 0)
    clocked.both.sync()
    assert clocked.quiet() is not None


@pytest.mark.parametrize(("late", "seconds"), [(None, 240), (30, 240), (6, 120), (4, 60), (2, 0), (1, 0)])
def test_a_run_in_full_comes_in_time_also_by_what_people_may_wait(
    clocked: Clocked, late: int | None, seconds: int
) -> None:
    """A minute before five have passed, or before half of `notify_late_minutes` has."""
    clocked.settings = clocked.both.engine.settings.model_copy(update={"notify_late_minutes": late})
    clocked.rows("UPDATE bridge.run SET settings_fingerprint = %s", clocked.settings.fingerprint)
    clocked.rows("UPDATE bridge.watermark SET moved_at = now()")
    clocked.age(seconds - 10)
    assert clocked.found()[0] is (seconds > 0)
    clocked.age(10)
    assert clocked.found() == (False, 0)


@pytest.mark.parametrize(
    "why",
    [
        "UPDATE bridge.link SET dirty = true",
        "UPDATE bridge.side_state SET state = 'paused' WHERE side = 'salesforce'",
        A_COLLEAGUE,
        "UPDATE bridge.run SET outcome = 'failed'",
        "UPDATE bridge.run SET outcome = 'partial'",
        "UPDATE bridge.run SET outcome = NULL, closed_at = NULL, counts = NULL",
        "UPDATE bridge.run SET settings_fingerprint = 'of others'",
        "UPDATE bridge.watermark SET run_id = run_id - 1 WHERE side = 'salesforce'",
        "UPDATE bridge.watermark SET moved_at = now() + interval '1 hour'",
        "DELETE FROM bridge.watermark WHERE side = 'salesforce'",
        "DELETE FROM bridge.watermark",
    ],
)
def test_what_the_ledger_knows_asks_for_a_run_in_full_without_a_call(
    sandbox: Sandbox, ledger: Ledger, database_url: str, why: str
) -> None:
    clocked = Clocked(sandbox, ledger, database_url)
    clocked.both.sc.create("Call Ann")
    clocked.settle()
    assert clocked.quiet() is not None
    clocked.rows(why)
    assert clocked.found() == (False, 0)


def test_before_the_first_run_nobody_is_asked(clocked: Clocked, database_url: str) -> None:
    clocked.rows("DELETE FROM bridge.watermark")
    clocked.rows("TRUNCATE bridge.run CASCADE")
    assert clocked.found() == (False, 0)


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [(503, None, SideUnreachable), (401, "INVALID_SESSION_ID", AuthenticationFailed)],
)
def test_a_side_that_fails_raises_and_pauses_nothing(
    clocked: Clocked, status: int, code: str | None, error: type[Exception]
) -> None:
    clocked.both.sandbox.salesforce.fault(
        kind="status", status=status, endpoint="GET *query*", times=None, **({"code": code} if code else {})
    )
    with pytest.raises(error):
        clocked.quiet()
    assert not any(state.pause for state in clocked.ledger.sides.side_states().values())


@pytest.mark.parametrize("act", [lambda _: None, lambda clocked: clocked.both.sc.create("Call Ann")])
def test_G7_its_calls_are_counted_as_of_no_run(clocked: Clocked, act: Callable[[Clocked], object]) -> None:
    act(clocked)
    before = clocked.counted()
    made = clocked.calls_in(clocked.quiet)
    after = clocked.counted()
    assert sum(after.values()) - sum(before.values()) == made > 0
    assert {kind for _, kind in after} <= {CallKind.QUERY, CallKind.LOGIN}


def test_without_a_feed_a_look_takes_two_calls(sandbox: Sandbox, ledger: Ledger, database_url: str) -> None:
    clocked = Clocked(sandbox, ledger, database_url, feed=False)
    assert clocked.quiet() is not None
    assert clocked.found() == (True, 2)
