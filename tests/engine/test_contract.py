"""What Salesforce says of its tasks is looked at before it is written to, and seldom."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from taskbridge.core.contract import Contract
from taskbridge.core.finding import problem
from taskbridge.core.run import RunOutcome
from tests.doubles.memory import MemorySalesforce
from tests.engine.world import World, disagreements

WHOLE = Contract("Task", values={"Status": ("Not Started", "Completed"), "Priority": ("Normal", "High")})
BROKEN = Contract(
    "Task",
    (
        problem(
            "field ActivityDate", "not to be edited", "to be edited", "give edit access to Task.ActivityDate"
        ),
    ),
    values=WHOLE.values,
)


@dataclass
class Looks:
    """How often Salesforce was asked for the contract, and how often by a call of its own."""

    side: MemorySalesforce
    alone: int = 0

    def __post_init__(self) -> None:
        self.side.described = WHOLE
        self.side.faults.on_call = self._heard

    @property
    def count(self) -> int:
        return self.side.descriptions

    def _heard(self, moment: str) -> None:
        self.alone += moment == "after contract"


@pytest.fixture
def looks(fresh: World) -> Looks:
    made = Looks(fresh.sf)
    fresh.sync()
    assert (made.count, made.alone) == (1, 0), "a ledger that knows nothing looks"
    return made


def pass_an_hour(world: World) -> None:
    world.rows_changed("UPDATE bridge.contract SET looked_at = looked_at - interval '61 minutes'")


def test_runs_look_once_in_an_hour_by_the_call_that_opens_them(fresh: World, looks: Looks) -> None:
    for number in range(3):
        fresh.sc_task(f"Task {number}")
        fresh.sync()
    assert looks.count == 1
    pass_an_hour(fresh)
    for number in range(3, 6):
        fresh.sc_task(f"Task {number}")
        assert fresh.sync().outcome is RunOutcome.CLEAN
    assert (looks.count, looks.alone) == (2, 0)


def test_other_settings_look_again(fresh: World, looks: Looks) -> None:
    fresh.with_settings(salesforce_marker_field="Other__c")
    fresh.sc_task()
    fresh.sync()
    assert looks.count == 2


def test_a_breach_halts_before_any_write_and_names_field_object_and_remedy(
    fresh: World, looks: Looks
) -> None:
    fresh.sf.described = BROKEN
    pass_an_hour(fresh)
    mine, theirs = fresh.sc_task("There"), fresh.sf_task("Here")
    for _ in range(2):
        report = fresh.sync()
        assert report.outcome is RunOutcome.FAILED
        assert "Task lacks what the sync needs. field ActivityDate" in report.text
        assert "give edit access to Task.ActivityDate" in report.text
    assert fresh.writes == 0
    assert (looks.count, looks.alone) == (5, 2), (
        "as long as it is broken each run looks, also before it would write"
    )
    assert fresh.rows("SELECT breaches FROM mart.sides WHERE side = 'salesforce'")[0][0] != []
    fresh.sf.described = WHOLE
    assert fresh.sync().outcome is RunOutcome.CLEAN
    assert fresh.sf_of(mine)["title"] == "There"
    assert fresh.sc_of(theirs)["title"] == "Here"
    assert not disagreements(fresh)


def test_a_breach_at_the_first_look_halts_before_anything_is_read(fresh: World) -> None:
    fresh.sf.described = BROKEN
    fresh.sf_task()
    assert "Task lacks what the sync needs" in fresh.sync().text
    assert fresh.rows("SELECT 1 FROM staging.salesforce_task") == []


def test_a_breach_does_not_stop_a_run_that_writes_nothing_there(fresh: World, looks: Looks) -> None:
    fresh.sf.described = BROKEN
    pass_an_hour(fresh)
    task = fresh.sf_task("Here")
    assert fresh.sync().outcome is RunOutcome.CLEAN
    assert fresh.sc_of(task)["title"] == "Here"


def test_a_row_that_is_refused_for_a_field_makes_the_next_run_look_and_goes_through_once_mended(
    fresh: World, looks: Looks
) -> None:
    fresh.sf.faults.refuse_titles["No right"] = "INVALID_FIELD_FOR_INSERT_UPDATE"
    parked = fresh.sc_task("No right")
    assert fresh.sync().outcome is RunOutcome.PARTIAL
    assert looks.count == 1
    fresh.sf.described = BROKEN
    mine = fresh.sc_task("Next")
    assert fresh.sync().outcome is RunOutcome.FAILED
    assert (looks.count, looks.alone) == (3, 1), "when it opens, and once more before it would write"
    fresh.sf.described = WHOLE
    fresh.sf.faults.refuse_titles.clear()
    fresh.settle()
    assert fresh.sf_of(mine)["title"] == "Next"
    assert fresh.sf_of(parked)["title"] == "No right"


def test_what_is_mended_and_new_by_the_look_before_a_write_is_told(fresh: World, looks: Looks) -> None:
    def mend(moment: str) -> None:
        if moment == "after connect":
            wider = {**WHOLE.values, "Status": ("Not Started", "On Ice", "Completed")}
            fresh.sf.described = Contract("Task", values=wider)

    fresh.sf.described = BROKEN
    pass_an_hour(fresh)
    fresh.sf.faults.on_call = mend
    fresh.sc_task()
    report = fresh.sync()
    assert report.outcome is RunOutcome.CLEAN
    assert "Status of Task has new values: On Ice" in report.text
    assert looks.count == 3


def test_a_row_that_stays_refused_does_not_make_every_run_look(fresh: World, looks: Looks) -> None:
    fresh.sf.faults.refuse_titles["No right"] = "INVALID_FIELD_FOR_INSERT_UPDATE"
    fresh.sc_task("No right")
    fresh.sync()
    for number in range(3):
        fresh.sc_task(f"Task {number}")
        fresh.sync()
    assert looks.count == 2


def test_a_new_picklist_value_is_a_note_and_no_error(fresh: World, looks: Looks) -> None:
    wider = {**WHOLE.values, "Status": ("Not Started", "On Ice", "Completed")}
    fresh.sf.described = Contract("Task", values=wider)
    pass_an_hour(fresh)
    fresh.sc_task()
    report = fresh.sync()
    assert report.outcome is RunOutcome.CLEAN
    assert "Status of Task has new values: On Ice" in report.text
    pass_an_hour(fresh)
    fresh.sc_task()
    assert "On Ice" not in fresh.sync().text, "told once"


def test_a_dry_run_says_that_a_run_would_halt_and_still_shows_its_plan(fresh: World, looks: Looks) -> None:
    fresh.sf.described = BROKEN
    pass_an_hour(fresh)
    fresh.sc_task()
    report = fresh.sync(dry_run=True)
    assert report.outcome is RunOutcome.PLANNED
    assert "A run that writes to Salesforce would halt: " in report.text
    assert "would create there: 1" in report.text
