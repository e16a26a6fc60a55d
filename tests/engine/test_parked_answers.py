"""G4: what people say of parked rows: try again now, or let it be."""

from __future__ import annotations

import pytest

from taskbridge.core.run import RunOutcome
from taskbridge.engine.on_demand.parked import IGNORE, RETRY, ParkedAnswer, answer_parked
from taskbridge.errors import SettingsInvalid
from tests.engine.world import World

CODE = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
OPEN = "select dead_letter_id from bridge.dead_letter where resolved_at is null order by 1"


@pytest.fixture
def parked(world: World) -> int:
    """The number of a row that Salesforce refuses for ever."""
    world.sf.faults.refuse_titles["Bad"] = CODE
    world.sc_task("Bad")
    assert world.sync().outcome is RunOutcome.PARTIAL
    assert world.sync().outcome is RunOutcome.HELD
    ((number,),) = world.rows(OPEN)
    return int(number)


def test_G4_a_row_that_is_retried_is_tried_by_the_next_run(world: World, parked: int) -> None:
    attempts = world.sf.writes
    world.sync()
    assert world.sf.writes == attempts, "by itself it rests"
    world.sf.faults.refuse_titles.clear()
    assert answer_parked(world.ledger, ParkedAnswer(RETRY, rows=[parked]), "ann") == 1
    assert world.sync().counts is not None
    assert world.rows(OPEN) == []
    assert world.sync().outcome is RunOutcome.CLEAN
    said = world.rows("select answer, answered_by, reason from bridge.parked_answer")
    assert said == [("retry", "ann", None)]


def test_G4_all_of_a_code_are_retried_at_once(world: World, parked: int) -> None:
    world.sf.faults.refuse_titles["Bad too"] = CODE
    world.sc_task("Bad too")
    world.sync()
    world.sf.faults.refuse_titles.clear()
    other_side = ParkedAnswer(RETRY, side="sales_connect", code=CODE)
    with pytest.raises(SettingsInvalid, match="None of the rows"):
        answer_parked(world.ledger, other_side, "ann")
    assert answer_parked(world.ledger, ParkedAnswer(RETRY, side="salesforce", code=CODE), "ann") == 2
    world.sync()
    assert world.rows(OPEN) == []


def test_G4_what_is_ignored_is_no_longer_parked_and_kept_with_its_reason(world: World, parked: int) -> None:
    answer_parked(world.ledger, ParkedAnswer(IGNORE, rows=[parked], reason=" a test record "), "ann")
    ignored = world.sync()
    assert ignored.outcome is RunOutcome.CLEAN, ignored.text
    assert "Parked" not in ignored.text
    assert world.rows("select reason, answered_by from bridge.parked_answer") == [("a test record", "ann")]
    writes = world.sf.writes
    world.advance(3 * 86_400)
    assert world.sync().outcome is RunOutcome.CLEAN
    assert world.sf.writes == writes, "no clock tries it again"


def test_G4_another_error_ends_the_ignoring(world: World, parked: int) -> None:
    answer_parked(world.ledger, ParkedAnswer(IGNORE, rows=[parked], reason="a test record"), "ann")
    world.sf.faults.refuse_titles["Bad"] = "STRING_TOO_LONG"
    (task,) = world.sc.live()
    world.sc.edit(task, details="changed")
    world.sync()
    assert world.rows("select code, ignored_at from bridge.dead_letter where resolved_at is null") == [
        ("STRING_TOO_LONG", None)
    ]


def test_G4_the_same_error_leaves_it_ignored(world: World, parked: int) -> None:
    answer_parked(world.ledger, ParkedAnswer(IGNORE, rows=[parked], reason="a test record"), "ann")
    (task,) = world.sc.live()
    world.sc.edit(task, details="changed")
    world.sync()
    ((ignored, attempts),) = world.rows("select ignored_at is not null, attempts from bridge.dead_letter")
    assert (ignored, attempts) == (True, 2)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (ParkedAnswer(RETRY), "Name either rows or a code"),
        (ParkedAnswer(RETRY, rows=[1], code=CODE), "Name either rows or a code"),
        (ParkedAnswer(RETRY, code=CODE), "The side is None"),
        (ParkedAnswer(RETRY, rows=[-1]), "no number"),
        (ParkedAnswer("forget", rows=[1]), "expected retry or ignore"),
        (ParkedAnswer(IGNORE, rows=[1], reason="  "), "the reason is empty"),
    ],
)
def test_what_cannot_be_meant_is_refused(world: World, said: ParkedAnswer, told: str) -> None:
    with pytest.raises(SettingsInvalid, match=told):
        answer_parked(world.ledger, said, "ann")
