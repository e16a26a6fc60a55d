"""The story of the demo: complete, judged scene by scene, and shown within 100 columns."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from stack.demo import picture
from stack.demo.agreement import Agreement
from stack.demo.outcome import Look, Outcome, Played
from stack.demo.runs import Run
from stack.demo.story import scenes
from stack.demo.systems import Side
from tests.stack.test_demo_agreement import SC, SF

TODAY = date(2026, 5, 1)
NOTHING: dict[str, Any] = {"total": 0, "reads": 0, "writes": 0, "logins": 0}
QUIET: dict[Side, dict[str, Any]] = {"sales_connect": NOTHING, "salesforce": NOTHING}
CLEAN = {"outcome": "clean", "created": 0, "updated": 0, "deleted": 0}
OFF = Run("0 switched off", "manual__0", 1.0, ["skipped", "skipped"], QUIET)
ON = Run("1 first import", "manual__1", 2.0, ["success"], QUIET, CLEAN)


def renamed() -> Played:
    """Ada's rename, as it ought to end."""
    scene = next(scene for scene in scenes(TODAY) if "renames" in scene.says)
    assert scene.sc is not None
    new = scene.sc["title"] or ""
    before: Look = {"sales_connect": SC, "salesforce": SF}
    after: Look = {"sales_connect": replace(SC, title=new), "salesforce": replace(SF, title=new)}
    return Played(scene, before, {**before, "sales_connect": after["sales_connect"]}, after, "writes Subject")


def outcome(*story: Played, runs: tuple[Run, ...] = (OFF, ON, ON, ON), told: tuple[str, ...] = ()) -> Outcome:
    return Outcome(story, runs, [], Agreement(1, 0, 0, told))


def test_every_kind_of_edit_is_made_and_both_sides_are_edited() -> None:
    edits = [edit for scene in scenes(TODAY) for edit in scene.edits]
    for side in ("sales_connect", "salesforce"):
        assert {edit.act for edit in edits if edit.side == side} == {"create", "change", "delete"}
    changed = {name for edit in edits if edit.act == "change" for name in edit.values}
    assert changed == {"title", "status", "priority", "due", "details", "owner"}


def test_g3_the_story_stays_below_the_limits() -> None:
    """Above ten pairs, no more than half of them may be completed, deleted, handed over or moved in an hour."""
    edits = [edit for scene in scenes(TODAY) for edit in scene.edits]
    pairs = sum(1 for scene in scenes(TODAY) if scene.origin == "salesforce" and not scene.creation)
    assert pairs > 10
    for kind in ("due", "status", "owner"):
        assert sum(kind in edit.values for edit in edits if edit.act == "change") <= pairs // 2
    assert sum(edit.act == "delete" for edit in edits) <= pairs // 2


def test_a_scene_that_ends_as_the_rules_say_has_no_fault() -> None:
    assert renamed().faults == []
    assert outcome(renamed()).problems == []


def test_a_side_that_was_not_written_is_a_fault() -> None:
    played = renamed()
    stuck = replace(played, after={**played.after, "salesforce": SF})
    assert outcome(stuck).problems == [
        "Salesforce, Call Nora about the renewal: title is 'Call', expected 'Call Nora: renewal and extras'"
    ]


def test_a_task_that_is_gone_or_still_there_is_a_fault() -> None:
    played = renamed()
    gone = replace(played, after={**played.after, "salesforce": None})
    assert "there is no such task" in gone.faults[0]
    kept = replace(played, scene=replace(played.scene, sc=None))
    assert "the task is there (7) and must not be" in kept.faults[0]


@pytest.mark.parametrize(
    ("runs", "told"),
    [
        ((replace(OFF, calls={**QUIET, "salesforce": {**NOTHING, "total": 1}}), ON, ON, ON), "made 1 calls"),
        ((replace(OFF, task_states=["success"]), ON, ON, ON), "ended as ['success']"),
        (
            (OFF, ON, ON, replace(ON, calls={**QUIET, "salesforce": {**NOTHING, "writes": 2}})),
            "2 calls that write",
        ),
        ((OFF, ON, replace(ON, ledger={**CLEAN, "outcome": "held"}), ON), "held, expected clean"),
    ],
)
def test_a_run_that_did_what_it_must_not_is_a_problem(runs: tuple[Run, ...], told: str) -> None:
    assert told in "".join(outcome(runs=runs).problems)


def test_the_picture_fits_a_terminal_and_names_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    wide = replace(SC, title="見積もり " * 40)
    played = replace(renamed(), before={"sales_connect": wide, "salesforce": None})
    row = {
        "side": "sales_connect",
        "title": "Old [one]",
        "owner_name": "Ada Example",
        "rule": "I2",
        "explanation": "Too old.",
    }
    judged = replace(outcome(played, told=("Sales Connect task 7 (Call): due date (F4)",)), left_out=[row])
    picture.show(judged, "demo-report.json", "demo")
    shown = capsys.readouterr().out
    assert max(cell_len(line) for line in shown.splitlines()) <= 100
    assert "Old [one]" in shown
    assert "WRONG  Sales Connect task 7 (Call): due date (F4)" in shown
    assert "NO. Asked over both HTTP APIs: 1 pairs compared" in shown


def test_the_report_holds_the_whole_story(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    outcome(renamed()).write(path, [(1.5, "PostgreSQL is ready")])
    report = json.loads(path.read_text())
    assert report["agree"] is True
    assert report["story"][0]["before"]["salesforce"]["title"] == "Call"
    assert report["story"][0]["edits"][0]["by"] == "ada@example.com"
    assert [run["outcome"] for run in report["runs"]] == ["skipped", "clean", "clean", "clean"]
    assert report["progress"] == [[1.5, "PostgreSQL is ready"]]
