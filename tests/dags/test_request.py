"""What the parameters of a run mean, and which are refused before anything is read."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from taskbridge.errors import SettingsInvalid
from taskbridge.operators.request import BACKFILL, SYNC, Request, run_key
from taskbridge.settings import Settings
from tests.dags.world import Installation

PARAMS: dict[str, Any] = {"window_start": None, "window_end": None, "users": [], "dry_run": False}
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def asked(
    params: dict[str, Any],
    *,
    kind: str = SYNC,
    run_type: str = "manual",
    interval: tuple[datetime, datetime] | tuple[None, None] = (None, None),
) -> Request:
    dag_run = SimpleNamespace(
        dag_id="task_sync",
        run_id="by_hand",
        run_type=run_type,
        conf=params,
        run_after=NOON,
        data_interval_start=interval[0],
        data_interval_end=interval[1],
    )
    context: Any = {"dag_run": dag_run, "params": PARAMS | params, "dag": SimpleNamespace(params=PARAMS)}
    return Request.of(context, kind=kind)


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_TASKBRIDGE_INSTALLATION", "here")


def test_nothing_asked_for_goes_on_from_the_watermarks(installation: None) -> None:
    request = asked({})
    assert request == Request("task_sync/by_hand", "manual", None, (), False)
    assert request.spec(Settings()).moves_watermarks


def test_the_schedule_starts_a_scheduled_run() -> None:
    assert asked({}, run_type="scheduled").mode == "scheduled"


def test_a_window_is_read_in_utc(installation: None) -> None:
    request = asked({"window_start": "2026-03-01T09:00:00+09:00", "window_end": "2026-03-01T12:00:00Z"})
    assert request.window == (datetime(2026, 3, 1, 0, tzinfo=UTC), datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert not request.spec(Settings()).moves_watermarks


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"window_start": "2026-03-01T00:00:00Z"}, ["window_start", "window_end is empty"]),
        ({"window_end": "2026-03-01T00:00:00Z"}, ["window_end", "window_start is empty"]),
        (
            {"window_start": "2026-03-02T00:00:00Z", "window_end": "2026-03-01T00:00:00Z"},
            ["2026-03-02", "2026-03-01", "not after"],
        ),
        (
            {"window_start": "2026-03-02T00:00:00Z", "window_end": "2026-03-02T01:00:00+01:00"},
            ["not after"],
        ),
        ({"window_start": "2026-03-01T00:00:00", "window_end": "2026-03-02T00:00:00Z"}, ["offset"]),
        ({"window_start": "yesterday", "window_end": "2026-03-02T00:00:00Z"}, ["'yesterday'", "offset"]),
        (
            {"window_start": "0001-01-01T00:00:00+01:00", "window_end": "2026-03-02T00:00:00Z"},
            ["window_start", "0001-01-01", "1900 to 2999"],
        ),
        (
            {"window_start": "2026-03-02T00:00:00Z", "window_end": "9999-12-31T23:59:59-01:00"},
            ["window_end", "9999-12-31", "1900 to 2999"],
        ),
        ({"dryrun": True}, ["dryrun", "dry_run"]),
    ],
)
def test_what_cannot_be_meant_is_refused(params: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        asked(params)
    assert all(word in str(refused.value) for word in words), str(refused.value)


def test_users_are_trimmed() -> None:
    assert asked({"users": [" ada@example.com ", ""]}).users == ("ada@example.com",)


def test_a_backfill_takes_its_data_interval() -> None:
    day = (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC))
    request = asked({}, kind=BACKFILL, run_type="backfill", interval=day)
    assert (request.mode, request.window) == ("backfill", day)


@pytest.mark.parametrize("number", [-1, 2**63, 10**30])
def test_a_number_that_nothing_has_is_refused(number: int) -> None:
    params = PARAMS | {"run_id": number}
    dag_run = SimpleNamespace(conf={}, run_type="manual", dag_id="task_sync_restore", run_id="by_hand")
    context: Any = {"dag_run": dag_run, "params": params, "dag": SimpleNamespace(params=params)}
    with pytest.raises(SettingsInvalid, match=f"run_id is {number}"):
        Request.of(context, kind="restore")


@pytest.mark.parametrize("end", ["0001-01-01T00:00:00", "9999-12-31T00:00:00"])
def test_a_backfill_of_no_real_time_is_refused(end: str) -> None:
    ends = sorted([datetime.fromisoformat(f"{end}+00:00"), datetime(2026, 2, 2, tzinfo=UTC)])
    with pytest.raises(SettingsInvalid, match="1900 to 2999"):
        asked({}, kind=BACKFILL, run_type="backfill", interval=(ends[0], ends[1]))


def test_a_backfill_without_an_interval_takes_yesterday() -> None:
    request = asked({}, kind=BACKFILL)
    assert request.window == (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))


def test_23_two_installations_on_one_database_name_the_same_run_differently(
    monkeypatch: pytest.MonkeyPatch, metadata_database: None
) -> None:
    context: Any = {
        "dag_run": SimpleNamespace(dag_id="task_sync", run_id="scheduled__2026-03-02T08:00:00+00:00")
    }
    keys = set()
    for installation in ("here", "there"):
        monkeypatch.setenv("AIRFLOW_VAR_TASKBRIDGE_INSTALLATION", installation)
        keys.add(run_key(context))
    assert keys == {f"task_sync/scheduled__2026-03-02T08:00:00+00:00@{name}" for name in ("here", "there")}


def test_23_an_installation_makes_up_its_name_once(world: Installation) -> None:
    from airflow.models.variable import Variable

    for _ in range(2):
        assert world.run(dry_run=True).state == "success"
    ends = {row["run_key"].rpartition("@")[2] for row in world.rows("SELECT run_key FROM bridge.run")}
    assert ends == {Variable.get("taskbridge_installation")}
    shown = {row["run_key"] for row in world.rows("SELECT run_key FROM mart.sync_runs")}
    assert not any("@" in key for key in shown), "people see the DAG run"
