"""Whom a task is about: from Sales Connect to Salesforce, by setting, and never by a guess (F7)."""

from __future__ import annotations

from taskbridge.core.run import RunOutcome
from tests.engine.world import World


def test_F7_a_new_salesforce_task_is_about_the_person_that_sales_connect_knows(world: World) -> None:
    rita, nora, omar = world.sf.add_person(lead=True), world.sf.add_person(), world.sf.add_person()
    world.sf.supersede(rita, nora)
    asked = {"lead": rita, "contact": omar, "nobody": None}
    tasks = {title: world.sc_task(title, person=person) for title, person in asked.items()}
    report = world.sync()
    assert (report.outcome, report.counts and report.counts.notes) == (RunOutcome.CLEAN, ())
    about = {title: world.sf_of(task).get("person") for title, task in tasks.items()}
    assert about == {"lead": nora, "contact": omar, "nobody": None}


def test_F7_a_person_that_is_gone_is_left_out_and_named_once(world: World) -> None:
    gone = [world.sf.add_person() for _ in range(7)]
    for person in gone:
        world.sf.remove_person(person)
    tasks = [world.sc_task(f"Call {person}", person=person) for person in gone]
    report = world.sync()
    assert report.outcome is RunOutcome.CLEAN, report.text
    assert all(world.sf_of(task).get("person") is None for task in tasks)
    assert report.counts is not None
    (note,) = report.counts.notes
    assert note.startswith(
        "Salesforce: 7 tasks were created without a contact or lead, as nothing goes on for it: "
    )
    assert gone[0] in note
    assert note.endswith("; and 2 more, see bridge.action.")
    codes = world.rows("SELECT code, count(*) FROM bridge.action WHERE state = 'done' GROUP BY code")
    assert codes == [("PERSON_LEFT_OUT", 7)]
    assert world.sync().counts.notes == ()  # type: ignore[union-attr]


def test_F7_by_setting_nobody_is_named(world: World) -> None:
    nora = world.sf.add_person()
    world.sc.contacts[nora] = "17"
    world.with_settings(fill_person=False)
    task, there = world.sc_task("Out", person=nora), world.sf_task("In", person=nora)
    world.sync()
    assert world.sf_of(task).get("person") is None
    assert world.sc_of(there)["person"] == nora, "the other way it is not asked"
