"""A run of task_sync that the clock started: it looks first, and where nothing is new it is one short task."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.models import dagrun
from airflow.utils.types import DagRunType

from tests.dags.test_lane import edit
from tests.dags.world import SALES_CONNECT, Ended, Installation


@pytest.fixture
def ticking(world: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Both systems are in step, and runs are of the type that Airflow's scheduler makes."""
    made = dagrun.get_or_create_dagrun

    def by_the_clock(**how: Any) -> Any:
        run = made(**how)
        run.run_type = DagRunType.SCHEDULED
        how["session"].commit()
        return run

    monkeypatch.setattr(dagrun, "get_or_create_dagrun", by_the_clock)
    for _ in range(3):
        world.sync()
        world.let_time_pass()
    world.forget_calls()
    return world


def is_quiet(ended: Ended) -> bool:
    others = {state for task, state in ended.tasks.items() if task != "gate"}
    return (ended.state, ended.tasks["gate"]) == ("success", "success") and others == {"skipped"}


def is_full(ended: Ended) -> bool:
    return ended.state == "success" and ended.tasks["report"] == ended.tasks["settle"] == "success"


def runs(world: Installation) -> int:
    return int(world.rows("SELECT count(*) AS n FROM bridge.run")[0]["n"])


def test_a_quiet_minute_is_one_task_that_says_why(
    ticking: Installation, capfd: pytest.CaptureFixture[str]
) -> None:
    before = runs(ticking)
    assert is_quiet(ticking.run())
    assert "Nothing is new in either system since " in "".join(capfd.readouterr())
    assert runs(ticking) == before
    assert ticking.calls("writes") == (0, 0)
    assert ticking.calls("reads") == (2, 1)
    assert ticking.rows("SELECT * FROM bridge.session") == [], "its logins are forgotten"
    assert ticking.rows("SELECT * FROM bridge.lease WHERE run_key IS NOT NULL") == []


def test_an_edit_is_run_in_full_by_the_logins_of_the_look(ticking: Installation) -> None:
    edit(ticking)
    ticking.let_time_pass()
    ended = ticking.run()
    assert is_full(ended)
    assert ended.tasks["upsert_salesforce"] == "success"
    assert ticking.calls("logins") == (1, 1)


def test_every_five_minutes_a_run_is_one_in_full(ticking: Installation) -> None:
    ticking.execute("UPDATE bridge.watermark SET moved_at = moved_at - interval '4 minutes'")
    assert is_full(ticking.run())
    assert is_quiet(ticking.run())


def test_a_login_that_is_refused_is_met_and_told_by_the_run(ticking: Installation) -> None:
    ticking.connection(
        SALES_CONNECT,
        conn_type="sales_connect",
        host=ticking.sandbox.sales_connect.url,
        login="nobody",
        password="wrong",
    )
    ended = ticking.run()
    assert (ended.state, ended.tasks["gate"], ended.tasks["open"]) == ("failed", "success", "failed")
    assert "sales_connect_default" in ended.error


@pytest.mark.parametrize("what", ["settings", "database"])
def test_what_cannot_be_read_is_told_by_the_run(ticking: Installation, what: str) -> None:
    if what == "settings":
        ticking.settings("{")
    else:
        ticking.without("AIRFLOW_CONN_TASKBRIDGE_DB")
    ended = ticking.run()
    assert (ended.state, ended.tasks["gate"], ended.tasks["open"]) == ("failed", "success", "failed")


def test_no_fault_of_the_look_fails_a_run(ticking: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("taskbridge.engine.quiet.quiet", broken)
    assert is_full(ticking.run())


def test_S1_while_the_switch_is_off_nobody_is_asked(ticking: Installation) -> None:
    ticking.switch("false")
    assert set(ticking.run().tasks.values()) == {"skipped"}
    assert ticking.calls() == (0, 0)


def test_what_somebody_asked_for_is_never_skipped(
    ticking: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    ticking.connect()
    ticking.switch("true")
    assert is_full(ticking.run())


def test_a_quiet_minute_sends_its_outcome(ticking: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.observability import stats

    sent: dict[str, float] = {}
    monkeypatch.setattr(stats, "incr", lambda name, count=1: sent.update({name: count}))
    monkeypatch.setattr(stats, "gauge", lambda name, value: sent.update({name: value}))
    assert is_quiet(ticking.run())
    ours = {name: value for name, value in sent.items() if name.startswith("taskbridge.")}
    assert ours.keys() == {"taskbridge.run.quiet", "taskbridge.behind_seconds"}
    assert ours["taskbridge.run.quiet"] == 1
    assert 0 < ours["taskbridge.behind_seconds"] < 240
