"""Each data check is broken by what it is about, and by nothing that is as it should be; a file has one form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from taskbridge.core.run import Run, RunMode
from taskbridge.core.terms import BIT
from taskbridge.errors import CheckInvalid
from taskbridge.store import Ledger, checks
from tests.sql.rows import (
    SC,
    SF,
    Values,
    action,
    end,
    gone,
    linked,
    open_run,
    page,
    plan,
    query,
    task,
    user,
    users,
)

OWNER = BIT["owner"]
FORM = "-- Proves: that it is so.\n-- Remedy: do this\n"


def planned(ledger: Ledger, actions: Sequence[Values], mode: RunMode = RunMode.SCHEDULED) -> Run:
    """A run over a pair (1, 00T1) whose Sales Connect record was read as deleted, with this plan stored."""
    link_id = linked(ledger)
    ledger.people.save_user_map(open_run(ledger), users(user()))
    run = open_run(ledger, mode=mode)
    ledger.staging.stage(run, SC, page(SC, gone("1")), "by_id")
    ledger.staging.stage(run, SF, page(SF, task(SF, "00T1")), "by_id")
    given = [{**one, "link_id": one["link_id"] or link_id, "seq": seq} for seq, one in enumerate(actions)]
    ends = [end(SC, "1", "planned", link_id), end(SF, "00T1", "planned", link_id)]
    ledger.plans.save_plan(run, plan(given, ends=ends))
    return run


def broken(ledger: Ledger, run: Run) -> dict[str, tuple[int, tuple[str, ...]]]:
    return {one.check.name: (one.rows, one.keys) for one in ledger.checks.broken(run)}


def test_a_plan_as_it_should_be_breaks_none(ledger: Ledger, database_url: str) -> None:
    good = [
        action(0, "", SF, "delete", remote_id="00T1"),
        action(1, "", SC, "update", remote_id="2", mask=OWNER, owner="u1"),
        action(2, "", SF, "create", owner="005A"),
    ]
    assert broken(ledger, planned(ledger, good)) == {}


def _delete_without_proof(ledger: Ledger, url: str) -> Run:
    run = planned(ledger, [action(0, "", SF, "delete", remote_id="00T1")])
    query(url, "UPDATE staging.sales_connect_task SET presence = 'absent'")
    return run


def _live_row_without_a_status(ledger: Ledger, url: str) -> Run:
    run = planned(ledger, [])
    query(url, "UPDATE staging.salesforce_task SET status = NULL")
    return run


def _stranger_as_owner(ledger: Ledger, url: str) -> Run:
    return planned(ledger, [action(0, "", SF, "update", remote_id="00T1", mask=OWNER, owner="005Z")])


def _two_writes(ledger: Ledger, url: str) -> Run:
    twice = [action(number, "", SF, "update", remote_id="00T1", mask=1, title="A") for number in range(2)]
    return planned(ledger, twice)


BREAKS: dict[str, Callable[[Ledger, str], Run]] = {
    "deletes_are_proven": _delete_without_proof,
    "live_rows_are_whole": _live_row_without_a_status,
    "new_owners_take_part": _stranger_as_owner,
    "nothing_is_written_twice": _two_writes,
}


def test_there_is_a_way_to_break_each_check() -> None:
    assert [check.name for check in checks.read()] == sorted(BREAKS)


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_a_check_is_broken_by_what_it_is_about(ledger: Ledger, database_url: str, name: str) -> None:
    run = BREAKS[name](ledger, database_url)
    assert broken(ledger, run) == {name: (1, ("salesforce 00T1",))}
    assert broken(ledger, open_run(ledger)) == {}, "of another run nothing is said"


@pytest.mark.parametrize("mode", [RunMode.UNDO, RunMode.RESTORE])
def test_what_a_person_asked_for_may_delete_and_give_back_to_anybody(
    ledger: Ledger, database_url: str, mode: RunMode
) -> None:
    wanted = [
        action(0, "", SF, "delete", remote_id="00T1"),
        action(1, "", SC, "update", remote_id="1", mask=OWNER, owner="u9"),
    ]
    run = planned(ledger, wanted, mode)
    query(database_url, "UPDATE staging.sales_connect_task SET presence = 'absent'")
    assert broken(ledger, run) == {}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(checks.VARIABLE, str(tmp_path))
    return tmp_path


def test_a_file_of_ones_own_is_a_check(ledger: Ledger, database_url: str, own: Path) -> None:
    """100 % is a percent sign, a second column and a remark are no harm, and the first of many rows are named."""
    query_of_ones_own = """-- A remark
WITH numbers AS (SELECT n FROM generate_series(1, 7) AS n WHERE 'a%b' LIKE 'a%' AND :run_id > 0)
SELECT 'row ' || n, n::text -- and another"""
    (own / "seven_rows.sql").write_text(f"{FORM}{query_of_ones_own}\nFROM numbers\n")
    [seen] = ledger.checks.broken(open_run(ledger))
    assert (seen.check.proves, seen.check.remedy) == ("that it is so.", "do this")
    assert (seen.rows, seen.keys) == (7, tuple(f"row {n}" for n in range(1, 6)))
    assert {one.name for one in ledger.checks.try_out()} == {"seven_rows", *BREAKS}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("no_remedy", "-- Proves: a\nSELECT :run_id"),
        ("no_sentence", "-- Proves:\n-- Remedy: b\nSELECT :run_id"),
        ("no_run", f"{FORM}SELECT 1"),
        ("another_parameter", f"{FORM}SELECT :run_id + :days"),
        ("two_statements", f"{FORM}SELECT :run_id; DROP TABLE bridge.link"),
        ("semicolon", f"{FORM}SELECT :run_id;"),
        ("not_a_question", f"{FORM}DELETE FROM bridge.link WHERE created_run_id = :run_id"),
        ("Name", f"{FORM}SELECT :run_id"),
        ("quote'd", f"{FORM}SELECT :run_id"),
        ("empty", ""),
    ],
)
def test_a_file_that_is_no_check_is_named(own: Path, name: str, content: str) -> None:
    (own / f"{name}.sql").write_text(content)
    with pytest.raises(
        CheckInvalid, match=r"is no data check; expected a name of small letters, the lines"
    ) as told:
        checks.read()
    assert f"{name}.sql" in str(told.value)


def test_a_check_cannot_write(ledger: Ledger, database_url: str, own: Path) -> None:
    run = planned(ledger, [])
    deletes = "DELETE FROM bridge.link WHERE changed_run_id < :run_id RETURNING link_id"
    (own / "sly.sql").write_text(f"{FORM}WITH gone AS ({deletes}) SELECT link_id FROM gone")
    with pytest.raises(CheckInvalid, match="sly"):
        ledger.checks.broken(run)
    assert query(database_url, "SELECT link_id FROM bridge.link") != []


def test_two_checks_of_one_name_and_a_folder_that_is_not_there_are_refused(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own / "live_rows_are_whole.sql").write_text(f"{FORM}SELECT :run_id")
    with pytest.raises(CheckInvalid, match="two data checks live_rows_are_whole"):
        checks.read()
    monkeypatch.setenv(checks.VARIABLE, str(own / "nowhere"))
    with pytest.raises(CheckInvalid, match="TASKBRIDGE_CHECKS"):
        checks.read()


@pytest.mark.parametrize(
    ("query_text", "said"),
    [
        (
            "SELECT nothing FROM bridge.link WHERE changed_run_id = :run_id",
            '42703: column "nothing" does not exist',
        ),
        ("SELECT FROM bridge.nowhere WHERE :run_id > 0", '42P01: relation "bridge.nowhere" does not exist'),
        ("SELECT pg_sleep(60)::text WHERE :run_id <> 0", "57014; at most 1 s"),
        ("SELECT ('secret' || :run_id)::integer::text", "22P02; at most"),
    ],
)
def test_the_check_that_the_database_does_not_carry_out_is_named_without_a_value(
    ledger: Ledger, database_url: str, own: Path, monkeypatch: pytest.MonkeyPatch, query_text: str, said: str
) -> None:
    monkeypatch.setattr(checks, "SECONDS", 1)
    (own / "faulty.sql").write_text(FORM + query_text)
    with pytest.raises(CheckInvalid) as told:
        ledger.checks.broken(open_run(ledger))
    assert "the data check faulty" in str(told.value)
    assert said in str(told.value)
    assert "secret" not in str(told.value)


def test_a_row_may_be_named_by_anything(ledger: Ledger, own: Path) -> None:
    (own / "a_number.sql").write_text(f"{FORM}SELECT 1 WHERE :run_id > 0")
    (own / "a_day.sql").write_text(f"{FORM}SELECT date '2026-03-02' WHERE :run_id > 0")
    found = {one.check.name: one.keys for one in ledger.checks.broken(open_run(ledger))}
    assert found == {"a_day": ("2026-03-02",), "a_number": ("1",)}
