"""Updates that depend on their record being unmodified, over HTTPS and in memory."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pyarrow as pa
import pytest
import requests

from taskbridge.core.frames import frame, rows_of
from taskbridge.core.terms import BIT, Op
from taskbridge.core.writes import UNMODIFIED_SINCE, WRITES
from taskbridge.errors import ApiLimitReached
from taskbridge.sides.salesforce.ids import to_18
from tests.contract.conftest import sandbox_world
from tests.contract.scripted import Script, scripted_salesforce
from tests.contract.worlds import MemorySalesforceWorld, SalesforceWorld, memory_worlds

Org = MemorySalesforceWorld | SalesforceWorld
GUARDED = WRITES.append(pa.field(UNMODIFIED_SINCE, pa.timestamp("us", tz="UTC")))
TASK = to_18("00T5g0000000001")
CHANGED = {"errorCode": "PRECONDITION_FAILED", "message": "changed"}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["memory salesforce", "sandbox salesforce"])
def org(request: pytest.FixtureRequest) -> Org:
    if request.param == "memory salesforce":
        made: MemorySalesforceWorld = memory_worlds()[request.param]()
        made.side.conditional = None
        return made
    world = sandbox_world(request.getfixturevalue("sandbox"), request.param)
    assert isinstance(world, SalesforceWorld)
    return world


def honour(org: Org, yes: bool) -> None:
    if isinstance(org, SalesforceWorld):
        org.service.switch(conditional_requests=yes)
    else:
        org.side.honours_conditions = yes


def update(
    org: Any, rows: dict[str, datetime | None], title: str = "ours"
) -> dict[str, tuple[str, str | None]]:
    """Outcome and code by id, after writing this title to each of these records."""
    asked = [
        {"action_id": f"a{remote_id}", "op": Op.UPDATE, "mask": BIT["title"], "remote_id": remote_id,
         "title": title, UNMODIFIED_SINCE: moment}
        for remote_id, moment in rows.items()
    ]  # fmt: skip
    side = org if hasattr(org, "connect") else org.side
    answered = side.write(Op.UPDATE, frame(pa.Table.from_pylist(asked, schema=GUARDED)))
    return {row["action_id"][1:]: (row["outcome"], row["code"]) for row in rows_of(answered)}


def versions(org: Org, *ids: str) -> dict[str, datetime | None]:
    read = org.read(*ids)
    return {remote_id: read[remote_id]["version"] for remote_id in ids}


@pytest.mark.parametrize("honours", [True, False])
def test_the_first_update_finds_out_and_all_are_done(org: Org, honours: bool) -> None:
    honour(org, honours)
    seen = versions(org, *(org.create(f"t{number}") for number in range(3)))
    org.advance(10)
    assert set(update(org, seen).values()) == {("done", None)}
    assert org.side.conditional is honours
    assert {row["title"] for row in org.read(*seen).values()} == {"ours"}


def test_what_was_modified_since_is_left_alone(org: Org) -> None:
    honour(org, True)
    moved, still = org.create("moved"), org.create("still")
    seen = versions(org, moved, still)
    org.advance(2)
    org.edit(moved, title="theirs")
    assert update(org, {still: seen[still]}, "found out") == {still: ("done", None)}
    org.advance(2)
    answered = update(org, {**seen, still: versions(org, still)[still]})
    assert answered == {moved: ("retry", "PRECONDITION_FAILED"), still: ("done", None)}
    assert org.read(moved)[moved]["title"] == "theirs"


def test_the_blind_spot_is_the_second_in_which_it_was_read(org: Org) -> None:
    """Documented in docs/guarantees.md: a date in a header tells no parts of a second."""
    honour(org, True)
    org.side.conditional = True
    task = org.create("first")
    seen = versions(org, task)
    org.edit(task, title="in the same second")
    assert versions(org, task) == seen
    assert update(org, seen) == {task: ("done", None)}


def test_rows_that_name_no_moment_go_together(salesforce: SalesforceWorld) -> None:
    salesforce.service.switch(conditional_requests=True)
    ids = [salesforce.create(f"t{number}") for number in range(5)]
    seen = versions(salesforce, ids[0])
    before = salesforce.service.calls()["writes"]
    assert set(update(salesforce, {**dict.fromkeys(ids), **seen}).values()) == {("done", None)}
    assert salesforce.service.calls()["writes"] - before == 3, "the trial, the update, the collection"
    gone = ids[1]
    seen = versions(salesforce, gone)
    salesforce.delete(gone)
    assert update(salesforce, seen) == {gone: ("gone", "ENTITY_IS_DELETED")}


def sent(script: Script) -> list[tuple[str | None, datetime | None]]:
    """Method, and the moment of the condition, of each request."""
    return [(request.method, _condition(request)) for request in script.requests]


def _condition(request: requests.PreparedRequest) -> datetime | None:
    told = request.headers.get("If-Unmodified-Since")
    return parsedate_to_datetime(told) if told else None


def test_the_trial_names_a_moment_before_the_last_change() -> None:
    side, script = scripted_salesforce((412, [CHANGED]), (204, b""))
    assert update(side, {TASK: NOON}) == {TASK: ("done", None)}
    assert side.conditional is True
    (_, trial), (_, proper) = sent(script)
    assert trial is not None
    assert (trial < NOON, proper) == (True, NOON)


def test_an_org_that_refuses_every_condition_is_not_asked_again() -> None:
    side, _ = scripted_salesforce((412, b""), (412, b""))
    assert update(side, {TASK: NOON}) == {TASK: ("retry", "PRECONDITION_FAILED")}
    assert side.conditional is False


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (requests.ConnectionError("cut"), ("unknown", "ANSWER_LOST")),
        ((500, b"<html>"), ("unknown", "SERVER_FAILED")),
        ((400, [{"errorCode": "STRING_TOO_LONG", "message": "x"}]), ("rejected", "STRING_TOO_LONG")),
        ((404, [{"errorCode": "NOT_FOUND", "message": "x"}]), ("retry", "NOT_FOUND")),
    ],
)
def test_another_answer_to_the_trial_tells_nothing(answer: Any, outcome: tuple[str, str]) -> None:
    side, _ = scripted_salesforce(answer)
    assert update(side, {TASK: NOON}) == {TASK: outcome}
    assert side.conditional is None


def test_G7_what_does_not_fit_the_budget_any_more_goes_back() -> None:
    side, _ = scripted_salesforce(
        (204, b""), (403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "Total"}])
    )
    side.conditional = True
    other = to_18("00T5g0000000002")
    answered = update(side, {TASK: NOON, other: NOON})
    assert answered == {TASK: ("done", None), other: ("retry", "REQUEST_LIMIT_EXCEEDED")}
    refusing, _ = scripted_salesforce((403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "Total"}]))
    with pytest.raises(ApiLimitReached):
        update(refusing, {TASK: NOON})


def test_control_characters_are_not_sent_alone_either() -> None:
    side, script = scripted_salesforce()
    assert update(side, {TASK: NOON}, title="a\x00b") == {TASK: ("rejected", "CONTROL_CHARACTERS")}
    assert script.requests == []
