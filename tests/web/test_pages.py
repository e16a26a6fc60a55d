"""What the pages say, against a real database; titles of tasks are hostile text."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from taskbridge.core.run import RunMode
from taskbridge.core.terms import Answer
from taskbridge.store import statements
from taskbridge.web import words
from taskbridge.web.csv_text import harmless
from taskbridge.web.overview import health
from taskbridge.web.page import STATEMENTS
from taskbridge.web.plugin import PREFIX
from tests.engine.world import World
from tests.web.conftest import CODE, HOSTILE, Browser
from tests.web.test_access import PAGES

Read = Callable[[str], str]


@pytest.fixture
def read(browser: Browser, stage: World) -> Read:
    client = browser("admin")

    def text(page: str) -> str:
        answer = client.get(f"{PREFIX}/{page}")
        assert answer.status_code == 200, answer.text
        assert int(answer.headers.get(STATEMENTS, "0")) <= 10
        return answer.text

    return text


def test_the_overview_says_what_waits(read: Read) -> None:
    text = read("overview")
    assert "TaskBridge is on" in text
    assert "Something waits for a person" in text
    assert "1 in 1 request" in text


def test_a_refused_row_is_named_with_its_remedy_on_the_page_of_problems(read: Read) -> None:
    text = read("problems")
    assert "Refused" in text
    assert CODE in text
    assert "owner of the task" in text, "who must act"
    assert "validation rule" in text
    assert "Retry all" in text
    assert "Refused" not in read("problems?side=sales_connect")
    assert "Refused" not in read("problems?ignored=true")


def test_a_task_is_found_by_title_id_and_person(read: Read, stage: World) -> None:
    task = next(key for key, values in stage.sc.live().items() if values["title"] == "Contested")
    partner = stage.sf_of(task)
    assert partner["title"] == "Contested"
    assert ">Contested<" in read("find?q=contest")
    assert ">Refused<" in read("find?q=REFUSED"), "whose pair is not complete yet"
    assert ">Contested<" in read("find?q=ada&by=person")
    assert "knows no task like that" in read("find?q=nothing+of+the+kind")
    shown = read(f"find?q={task}")
    assert "told by phone" in shown
    assert "told by mail" in shown
    assert "Sales Connect is right" in shown
    assert "the policy leaves the decision to a person" in shown


def test_where_is_my_task_tells_why_it_is_not_there(read: Read, stage: World) -> None:
    chis = stage.sc_task("Of somebody who does not sync", owner="chi")
    stage.sync()
    text = html.unescape(read(f"find?q={chis}"))
    assert "The owner takes no part" in text
    assert "Switch on" in text
    refused = next(key for key, values in stage.sc.live().items() if values["title"] == "Refused")
    assert CODE in read(f"find?q={refused}")


def test_what_an_undo_leaves_different_is_not_called_in_step(read: Read, stage: World) -> None:
    stage.with_settings(limits={"count": 1_000, "share": 1, "user_count": 1_000, "user_share": 1})
    task = stage.sc_task("Undone")
    stage.settle()
    stage.sc.edit(task, due_date=date(2027, 3, 1))
    stage.settle()
    [(wrote,)] = stage.rows(
        "SELECT max(run_id) FROM bridge.action WHERE title IS NULL AND due_date = '2027-03-01'"
    )
    assert "in step when they were last read" in read(f"find?q={task}")
    stage.sync(mode=RunMode.UNDO, asked={"run_id": wrote}, asked_by="ada")
    stage.settle()
    text = html.unescape(read(f"find?q={task}"))
    assert "left different in: Due date" in text
    assert text.count("left different</span>") == 1
    assert "in step when they were last read" not in text


def test_a_held_plan_is_shown_row_by_row_with_old_and_new_values(read: Read) -> None:
    text = read("plan?request=1")
    assert ">Held<" in text
    assert "2026-07-07" in text
    assert "A limit on how much may change at once" in text
    assert ">Held<" not in read("plan?request=1&q=somebody")
    assert ">Held<" not in read("plan?request=1&op=delete")
    assert ">Held<" in read("plan?request=1&q=held&side=salesforce&op=update")


def test_a_request_that_was_answered_says_so(read: Read, stage: World) -> None:
    stage.answer(1, Answer.APPROVED)
    stage.carry_out(1)
    assert "approved by ada" in read("plan?request=1")
    assert "1 written" in read("plan")


def test_the_run_tells_what_it_did_and_what_it_cost(read: Read) -> None:
    text = read("run?run=2")
    assert "What run 2 did" in text
    assert "First rejected in this run" in text
    assert "Foretold" in text


def test_the_tab_of_a_dag_that_is_not_ours_is_one_quiet_line(read: Read) -> None:
    assert "other is not a DAG of TaskBridge" in read("run?dag_id=other&dag_run_id=x")
    assert "has opened no run" in read("run?dag_id=task_sync&dag_run_id=x")


def test_the_audit_is_on_the_page_of_drift(read: Read) -> None:
    text = read("drift")
    assert "told by phone" in text
    assert "A field says different things" in text
    assert "told by phone" not in read("drift?kind=half")


def test_the_command_center_shows_what_is_due(read: Read, stage: World) -> None:
    assert "Ada" in read("command-center")
    text = read(f"command-center?user={stage.sc_users['ada']}")
    assert html.escape(HOSTILE[0]) in text


@pytest.mark.parametrize(
    "page",
    ["overview", "find?q=script+alert", "find?q=hyperlink", "plan?run=2", "run?run=2", "problems", "drift"],
)
def test_hostile_titles_are_text(read: Read, page: str) -> None:
    text = read(page)
    assert "<script>alert" not in text
    assert text.count("<script") == text.count("<script src=")


def test_hostile_titles_are_shown_as_they_are(read: Read) -> None:
    text = html.unescape(read("plan?run=2"))
    for title in HOSTILE:
        assert title.strip("\u200b") in text


def test_no_cell_of_a_file_is_a_formula(read: Read) -> None:
    for page in ("plan.csv?run=2", "problems.csv", "drift.csv"):
        lines = list(csv.reader(io.StringIO(read(page).removeprefix("\ufeff"))))
        assert len(lines) > 1, page
        assert not [
            cell for line in lines for cell in line if cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        ]
    assert any(
        "HYPERLINK" in cell for line in csv.reader(io.StringIO(read("plan.csv?run=2"))) for cell in line
    )


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_spreadsheet_would_calculate_gets_an_apostrophe(start: str) -> None:
    assert harmless(f"{start}1") == f"'{start}1"
    assert harmless("plain = text") == "plain = text"


def test_pages_lead_on_by_key(read: Read, stage: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from taskbridge.web import plan, reading

    monkeypatch.setattr(plan, "LINES", 2)
    monkeypatch.setattr(plan, "limited", lambda rows: reading.limited(rows, 2))
    first = read("plan?run=2")
    assert "after=1" in first
    assert "First page" not in first
    second = read("plan?run=2&after=1")
    assert "First page" in second
    assert "Contested" in second
    assert "Contested" not in first


def test_a_paused_side_is_the_first_thing_that_is_told(read: Read, stage: World) -> None:
    stage.rows_changed(
        "UPDATE bridge.side_state SET state = 'paused', reason = 'The login is refused.' WHERE side = 'salesforce'"
    )
    text = read("overview")
    assert "Salesforce is paused: nothing is synced." in text
    assert "The login is refused." in text


def test_a_database_that_is_away_is_a_sentence(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from taskbridge.web import reading

    monkeypatch.setattr(reading._pool, "_looked", -1e9)
    monkeypatch.setenv("AIRFLOW_CONN_TASKBRIDGE_DB", "postgresql://nobody:secret@127.0.0.1:1/nowhere")
    answer = browser("viewer").get(f"{PREFIX}/problems")
    monkeypatch.setattr(reading._pool, "_looked", -1e9)
    assert answer.status_code == 503
    assert "does not answer" in answer.text
    assert "secret" not in answer.text


def _told(on: bool = True, **changes: object) -> str:
    now = datetime.now(UTC)
    run = {"outcome": "clean", "dry_run": False, "opened_at": now, "summary": "why"}
    runs = [{**run, **{key: value for key, value in changes.items() if key in run}}]
    waiting = {"parked": 0, "requests": 0, "conflicts": 0, "missing": 0}
    waiting |= {key: value for key, value in changes.items() if key in waiting}
    sides = [{"side": "salesforce", "state": changes.get("state", "active"), "reason": None}]
    return health(on, sides, runs if changes.get("ran", True) else [], waiting).text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "nothing waits"),
        ({"on": False}, "switched off"),
        ({"on": False, "state": "paused"}, "Salesforce is paused"),
        ({"ran": False}, "no run has ended yet"),
        ({"outcome": "failed"}, "The last run failed"),
        ({"opened_at": datetime.now(UTC) - timedelta(hours=1)}, "no run has begun for a while"),
        ({"parked": 1}, "Something waits"),
        ({"missing": 1}, "Something waits"),
    ],
)
def test_the_first_sentence_is_the_worst_there_is(changes: dict[str, object], told: str) -> None:
    assert told in _told(**changes)  # type: ignore[arg-type]


def test_a_run_is_late_by_how_the_last_ones_followed_each_other() -> None:
    now = datetime.now(UTC)
    runs = [
        {"outcome": "clean", "dry_run": False, "opened_at": now - timedelta(hours=hours), "summary": None}
        for hours in (2, 3, 4, 5)
    ]
    waiting = dict.fromkeys(("parked", "requests", "conflicts", "missing"), 0)
    assert "nothing waits" in health(True, [], runs, waiting).text
    assert "for a while" in health(True, [], runs[:1], waiting).text


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.04, "0.0 s"),
        (9.2, "9.2 s"),
        (61, "1 min 1 s"),
        (7_260, "2 h 1 min"),
        (90_061, "1 d 1 h"),
        (-5, "0.0 s"),
    ],
)
def test_lengths_of_time_have_two_parts_at_most(seconds: float, told: str) -> None:
    assert words.lasted(timedelta(seconds=seconds)) == told


def test_the_pages_ask_every_statement_that_is_meant_for_them(
    read: Read, stage: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from taskbridge.store.database import Transaction

    asked: set[str] = set()
    real = Transaction.run

    def noting(self: Transaction, statement: str, **parameters: object) -> object:
        asked.add(statement)
        return real(self, statement, **parameters)

    monkeypatch.setattr(Transaction, "run", noting)
    contested = next(key for key, values in stage.sc.live().items() if values["title"] == "Contested")
    for page in (*PAGES, "find?q=ada&by=person", f"find?q={contested}"):
        read(page)
    ours = {name for name in statements.names() if name.startswith("pages/")}
    assert ours <= asked
