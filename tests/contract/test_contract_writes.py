"""Writing, by the contract of `engine.ports.SidePort`, in every world."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from taskbridge.core.terms import Op, Side
from taskbridge.sides.salesforce.ids import to_18
from tests.contract.worlds import OneSystem

MARKER = "tb:sc:acc_1:42:1"
EMOJI = "\U0001f600"


def test_g2_a_create_makes_one_record_with_its_marker(world: OneSystem) -> None:
    row = world.new(
        "Call Nora",
        MARKER,
        priority=world.words["high"],
        due_date=date(2026, 12, 31),
        details="line one\nline two",
        owner=world.other,
    )
    (done,) = world.write(Op.CREATE, row)
    assert (done["outcome"], done["code"]) == ("done", None)
    read = world.read(done["remote_id"])[done["remote_id"]]
    assert {name: read[name] for name in row} == row
    assert done["written_at"] >= read["modified_at"]
    assert done["written_at"] - read["modified_at"] < timedelta(seconds=2)


def test_outcomes_are_paired_by_action_and_one_refusal_delays_nobody_else(world: OneSystem) -> None:
    nobody = {Side.SALES_CONNECT: "999999", Side.SALESFORCE: to_18("0055g00000ZZZZZ")}[world.vendor]
    rows = [world.new(f"task {number}", f"{MARKER}:{number}") for number in range(5)]
    rows[2]["owner"] = nobody
    outcomes = world.write(Op.CREATE, *rows)
    assert [outcome["outcome"] for outcome in outcomes] == ["done", "done", "rejected", "done", "done"]
    assert outcomes[2]["code"]
    assert outcomes[2]["remedy"]
    assert outcomes[2]["remote_id"] is None
    titles = {remote_id: read["title"] for remote_id, read in world.read(*_ids(outcomes)).items()}
    assert titles == {
        outcome["remote_id"]: row["title"]
        for outcome, row in zip(outcomes, rows, strict=True)
        if outcome["remote_id"]
    }


def test_f6_only_the_fields_of_the_mask_are_written(world: OneSystem) -> None:
    task = world.create("before", details="kept", due_date=date(2026, 5, 1), priority=world.words["high"])
    world.advance(3)
    (done,) = world.write(Op.UPDATE, {"remote_id": task, "title": "after", "owner": world.other})
    read = world.read(task)[task]
    assert done["outcome"] == "done"
    assert done["remote_id"] == task
    assert (read["title"], read["owner"]) == ("after", world.other)
    assert (read["details"], read["due_date"], read["priority"]) == (
        "kept",
        date(2026, 5, 1),
        world.words["high"],
    )
    assert read["version"] > read["created_at"]
    assert done["written_at"] >= read["modified_at"]


def test_f4_clearing_is_a_change(world: OneSystem) -> None:
    task = world.create("full", details="text", due_date=date(2026, 5, 1))
    (done,) = world.write(Op.UPDATE, {"remote_id": task, "details": None, "due_date": None})
    read = world.read(task)[task]
    assert done["outcome"] == "done"
    assert (read["details"], read["due_date"]) == (None, None)


def test_status_goes_both_ways(world: OneSystem) -> None:
    task = world.create("to do")
    for status in ("complete", "open"):
        world.advance(1)
        (done,) = world.write(Op.UPDATE, {"remote_id": task, "status": world.words[status]})
        assert done["outcome"] == "done"
        assert world.read(task)[task]["status"] == world.words[status]


@pytest.mark.parametrize(
    ("title", "details"),
    [
        ("x" * 255, "y" * 32_000),
        (EMOJI * 127 + "x", EMOJI * 16_000),
        ("日本語 ünï", "a\nb\n\nc"),
        ("quotes ' \" \\ and <b>", "%s {0} {{field}} #N/A , ;"),
    ],
)
def test_invariant_17_what_is_written_is_read_back(world: OneSystem, title: str, details: str) -> None:
    (made,) = world.write(Op.CREATE, world.new(title, MARKER, details=details))
    assert made["outcome"] == "done", made
    read = world.read(made["remote_id"])[made["remote_id"]]
    assert (read["title"], read["details"]) == (title, details)


def test_control_characters_are_refused_and_delay_nobody_else(world: OneSystem) -> None:
    outcomes = world.write(
        Op.CREATE,
        world.new("good", f"{MARKER}:1"),
        world.new("bad", f"{MARKER}:2", details="nul \x00 here"),
    )
    assert [outcome["outcome"] for outcome in outcomes] == ["done", "rejected"]
    assert outcomes[1]["code"] == "CONTROL_CHARACTERS"


def test_deleting(world: OneSystem) -> None:
    task, witness = world.create("going"), world.create("witness")
    (done,) = world.write(Op.DELETE, {"remote_id": task})
    assert (done["outcome"], done["remote_id"]) == ("done", task)
    assert world.read(task, controls={task: witness})[task]["presence"] == "deleted"


@pytest.mark.parametrize("op", [Op.UPDATE, Op.DELETE])
def test_c5_writing_to_a_deleted_record_tells_proof_from_absence(world: OneSystem, op: Op) -> None:
    task = world.create("gone")
    world.delete(task)
    row: dict[str, Any] = {"remote_id": task} | ({"title": "new"} if op is Op.UPDATE else {})
    (outcome,) = world.write(op, row)
    if world.vendor is Side.SALESFORCE:
        assert (outcome["outcome"], outcome["code"]) == ("gone", "ENTITY_IS_DELETED")
    elif world.deletes_prove_themselves:
        assert (outcome["outcome"], outcome["code"]) == ("gone", "GONE")
    else:
        assert (outcome["outcome"], outcome["code"]) == ("retry", "NOT_FOUND")


@pytest.mark.parametrize("op", [Op.UPDATE, Op.DELETE])
def test_c5_a_record_that_is_not_found_goes_back_to_be_read(world: OneSystem, op: Op) -> None:
    nobody = {Side.SALES_CONNECT: "999999", Side.SALESFORCE: to_18("00T5g00000ZZZZZ")}[world.vendor]
    row: dict[str, Any] = {"remote_id": nobody} | ({"title": "new"} if op is Op.UPDATE else {})
    (outcome,) = world.write(op, row)
    assert (outcome["outcome"], outcome["code"]) == ("retry", "NOT_FOUND")


@pytest.mark.parametrize("op", list(Op))
def test_g4_a_locked_row_is_tried_again_later_and_alone(world: OneSystem, op: Op) -> None:
    rows = _rows(world, op, ["busy", "free"])
    world.fail_row("busy", "UNABLE_TO_LOCK_ROW")
    outcomes = world.write(op, *rows)
    assert [outcome["outcome"] for outcome in outcomes] == ["busy", "done"]
    assert (outcomes[0]["code"], outcomes[0]["category"]) == ("UNABLE_TO_LOCK_ROW", "intermittent")
    (again,) = world.write(op, rows[0])
    assert again["outcome"] == "done"


@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "validation"),
        ("ENTITY_IS_LOCKED", "access"),
        ("XY_UNHEARD_OF", "other"),
    ],
)
def test_g4_a_refused_row_keeps_its_code(world: OneSystem, code: str, category: str) -> None:
    world.fail_row("unwanted", code)
    outcomes = world.write(
        Op.CREATE, world.new("wanted", f"{MARKER}:1"), world.new("unwanted", f"{MARKER}:2")
    )
    assert [outcome["outcome"] for outcome in outcomes] == ["done", "rejected"]
    assert (outcomes[1]["code"], outcomes[1]["category"]) == (code, category)
    assert outcomes[1]["message"]
    assert outcomes[1]["remedy"]


def test_g2_a_create_whose_answer_was_lost_is_unknown_and_found_by_its_marker(world: OneSystem) -> None:
    world.lose_answer(Op.CREATE)
    row = world.new("once", MARKER)
    (lost,) = world.write(Op.CREATE, row)
    assert (lost["outcome"], lost["remote_id"], lost["code"]) == ("unknown", None, "ANSWER_LOST")
    found = list(world.side.find_markers([MARKER])["remote_id"])
    assert len(found) == 1
    (again,) = world.write(Op.CREATE, row)
    assert again["outcome"] == {Side.SALES_CONNECT: "done", Side.SALESFORCE: "exists"}[world.vendor]
    assert again["remote_id"] == found[0]
    assert list(world.side.find_markers([MARKER])["remote_id"]) == found


@pytest.mark.parametrize("op", [Op.UPDATE, Op.DELETE])
def test_other_writes_whose_answer_was_lost_are_unknown(world: OneSystem, op: Op) -> None:
    rows = _rows(world, op, ["one"])
    witness = world.create("witness")
    world.lose_answer(op)
    (lost,) = world.write(op, *rows)
    task = rows[0]["remote_id"]
    assert (lost["outcome"], lost["remote_id"]) == ("unknown", task)
    read = world.read(task, controls={task: witness})[task]
    assert read["presence"] == ("deleted" if op is Op.DELETE else "live")
    assert read["details"] == (None if op is Op.DELETE else "new")


def test_g2_a_replay_after_a_persons_edit_shows_the_first_record_and_not_their_stamp(
    world: OneSystem,
) -> None:
    row = world.new("once", MARKER)
    (first,) = world.write(Op.CREATE, row)
    world.advance(30)
    world.edit(first["remote_id"], details="typed by a person")
    (again,) = world.write(Op.CREATE, row)
    assert again["remote_id"] == first["remote_id"]
    read = world.read(first["remote_id"])[first["remote_id"]]
    assert read["details"] == "typed by a person"
    assert again["written_at"] is None or again["written_at"] < read["modified_at"]


def test_g2_a_marker_that_was_used_for_something_else_exists(world: OneSystem) -> None:
    (first,) = world.write(Op.CREATE, world.new("one", MARKER))
    (second,) = world.write(Op.CREATE, world.new("another", MARKER))
    assert second["outcome"] == "exists"
    assert second["remote_id"] in (None, first["remote_id"])
    assert list(world.side.find_markers([MARKER])["remote_id"]) == [first["remote_id"]]


def test_g2_a_replay_after_the_record_was_deleted(world: OneSystem) -> None:
    row = world.new("once", MARKER)
    (first,) = world.write(Op.CREATE, row)
    world.delete(first["remote_id"])
    (again,) = world.write(Op.CREATE, row)
    # Salesforce lets a marker be used anew once its record is in the bin: hence the look-up before a create.
    assert again["outcome"] == {Side.SALES_CONNECT: "gone", Side.SALESFORCE: "done"}[world.vendor]


def test_a_chunk_has_a_limit(world: OneSystem) -> None:
    rows = [world.new(f"{number}", f"{MARKER}:{number}") for number in range(world.side.chunk_size + 1)]
    with pytest.raises(ValueError, match="at most"):
        world.write(Op.CREATE, *rows)


def test_a_whole_chunk_of_creates(world: OneSystem) -> None:
    rows = [world.new(f"t{number}", f"{MARKER}:{number}") for number in range(world.side.chunk_size)]
    outcomes = world.write(Op.CREATE, *rows)
    assert {outcome["outcome"] for outcome in outcomes} == {"done"}
    read = world.read(*_ids(outcomes))
    assert [read[outcome["remote_id"]]["marker"] for outcome in outcomes] == [row["marker"] for row in rows]


def _rows(world: OneSystem, op: Op, titles: list[str]) -> list[dict[str, Any]]:
    if op is Op.CREATE:
        return [world.new(title, f"{MARKER}:{title}") for title in titles]
    values = {"details": "new"} if op is Op.UPDATE else {}
    return [{"remote_id": world.create(title), **values} for title in titles]


def _ids(outcomes: list[dict[str, Any]]) -> list[str]:
    return [outcome["remote_id"] for outcome in outcomes if outcome["remote_id"]]
