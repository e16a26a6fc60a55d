"""Whom a new Salesforce task is about, when the contact or lead that Sales Connect knows is no more."""

from __future__ import annotations

from typing import Any

import pytest

from taskbridge.core.terms import Op
from taskbridge.sides.salesforce.people import Followed, PersonLookup
from tests.contract.conftest import sandbox_world
from tests.contract.worlds import MemorySalesforceWorld, SalesforceWorld, memory_worlds

HIDDEN = "cannot be looked up: the integration user has no access to its object"
UNKNOWN = "is not there, or not shared with the integration user"


@pytest.fixture(params=["memory salesforce", "sandbox salesforce"])
def org(request: pytest.FixtureRequest) -> Any:
    if request.param == "memory salesforce":
        return memory_worlds()[request.param]()
    return sandbox_world(request.getfixturevalue("sandbox"), request.param)


Org = MemorySalesforceWorld | SalesforceWorld


def created(org: Org, *persons: str | None) -> list[tuple[str | None, str | None]]:
    """Of a task for each person, written together: whom it is about, and the code of its outcome."""
    rows = [org.new(f"t{place}", f"tb:{place}", person=person) for place, person in enumerate(persons)]
    outcomes = org.write(Op.CREATE, *rows)
    assert [one["outcome"] for one in outcomes] == ["done"] * len(rows), outcomes
    read = org.read(*(one["remote_id"] for one in outcomes))
    return [(read[one["remote_id"]]["person"], one["code"]) for one in outcomes]


def test_F7_a_converted_lead_is_followed_to_its_contact(org: Org) -> None:
    rita, nora, omar = org.lead(), org.contact(), org.contact()
    org.convert(rita, nora)
    assert created(org, rita, omar, None) == [(nora, None), (omar, None), (None, None)]


def test_F7_chains_are_followed_to_their_end(org: Org) -> None:
    rita, kim, nora, omar, pia = org.lead(), org.lead(), org.contact(), org.contact(), org.contact()
    org.merge(kim, rita)
    org.convert(rita, nora)
    org.merge(nora, omar)
    org.merge(omar, pia)
    assert created(org, kim, rita, nora, omar, pia) == [(pia, None)] * 5


def test_F7_a_person_without_a_survivor_is_left_out_and_said_so(org: Org) -> None:
    nora, omar, rita = org.contact(), org.contact(), org.lead()
    org.convert(rita, omar)
    for person in (nora, omar):
        org.remove_person(person)
    assert created(org, nora, rita, "0035g00000AbCdeQAF") == [(None, "PERSON_LEFT_OUT")] * 3


@pytest.mark.parametrize("code", ["INVALID_CROSS_REFERENCE_KEY", "ENTITY_IS_DELETED"])
def test_F7_whatever_code_a_deleted_reference_has(salesforce: SalesforceWorld, code: str) -> None:
    salesforce.service.switch(deleted_reference=code)
    nora, omar = salesforce.contact(), salesforce.contact()
    salesforce.merge(nora, omar)
    assert created(salesforce, nora) == [(omar, None)]


def test_F7_nothing_is_looked_up_as_long_as_nothing_is_refused(salesforce: SalesforceWorld) -> None:
    nora, rita = salesforce.contact(), salesforce.lead()
    contact, other = salesforce.contact(), salesforce.contact()
    before = calls(salesforce)
    salesforce.write(Op.CREATE, *(salesforce.new(f"t{n}", f"tb:{n}", person=nora) for n in range(100)))
    assert calls(salesforce) - before == 2, "one for the rows, one for what is left of the budget"
    salesforce.convert(rita, contact)
    salesforce.merge(nora, other)
    before = calls(salesforce)
    people = [nora, rita, contact] * 30
    rows = [salesforce.new(f"u{n}", f"tb:u{n}", person=person) for n, person in enumerate(people)]
    salesforce.write(Op.CREATE, *rows)
    assert calls(salesforce) - before == 5, "the rows, leads, contacts, survivors, those rows again"


def calls(salesforce: SalesforceWorld) -> int:
    counted = salesforce.service.calls()
    return int(counted["total"]) - int(counted["logins"])


def test_F7_what_cannot_be_looked_up_is_left_out_with_the_reason(salesforce: SalesforceWorld) -> None:
    rita, nora = salesforce.lead(), salesforce.contact()
    salesforce.convert(rita, nora)
    salesforce.service.switch(hidden_objects=["Lead"])
    (outcome,) = salesforce.write(Op.CREATE, salesforce.new("t", "tb:1", person=rita))
    assert (outcome["outcome"], outcome["message"]) == ("done", f"{rita} {HIDDEN}")
    assert outcome["remedy"] == "choose the contact or lead in Salesforce"


def test_C3_another_reference_that_was_refused_is_no_matter_of_the_person(
    salesforce: SalesforceWorld,
) -> None:
    nora = salesforce.contact()
    row = salesforce.new("t", "tb:1", person=nora, owner="0055g00000NobodAAA"[:15])
    (outcome,) = salesforce.write(Op.CREATE, row)
    assert (outcome["outcome"], outcome["code"]) == ("rejected", "INVALID_CROSS_REFERENCE_KEY")


def test_a_lookup_that_fails_leaves_its_rows_to_a_later_run(salesforce: SalesforceWorld) -> None:
    rita, nora = salesforce.lead(), salesforce.contact()
    salesforce.convert(rita, nora)
    salesforce.write(Op.CREATE, salesforce.new("first", "tb:0"))
    salesforce.service.fault(
        kind="status", endpoint="GET *queryAll", code="REQUEST_LIMIT_EXCEEDED", status=403
    )
    rows = [salesforce.new("refused", "tb:1", person=rita), salesforce.new("fine", "tb:2")]
    refused, fine = salesforce.write(Op.CREATE, *rows)
    assert (refused["outcome"], refused["code"]) == ("retry", "REQUEST_LIMIT_EXCEEDED")
    assert fine["outcome"] == "done"


def lead(number: int, **fate: Any) -> dict[str, Any]:
    return {"Id": f"00Q5g000000000{number}", "IsDeleted": False, "MasterRecordId": None,
            "IsConverted": False, "ConvertedContactId": None, **fate}  # fmt: skip


def test_cycles_end_and_15_characters_are_the_same_id() -> None:
    first, second = lead(1), lead(2)
    first |= {"IsDeleted": True, "MasterRecordId": second["Id"]}
    second |= {"IsDeleted": True, "MasterRecordId": first["Id"]}
    live, dead_end = lead(3), lead(4, IsConverted=True)
    table = [first, second, live, dead_end]
    asked: list[list[str]] = []

    def fetch(name: str, fields: Any, ids: Any) -> list[dict[str, Any]]:
        asked.append(sorted(ids))
        return [record for record in table if any(each.startswith(record["Id"]) for each in ids)]

    persons = [first["Id"], live["Id"], dead_end["Id"], "no id", "0015g0000000001"]
    found = PersonLookup(fetch).survivors(persons)
    assert found[first["Id"]] == Followed(None, "leads back to itself")
    assert found[live["Id"]] == Followed(live["Id"])
    assert found[dead_end["Id"]] == Followed(None, "was converted, and no contact is named")
    assert found["no id"] == found["0015g0000000001"] == Followed(None, UNKNOWN)
    assert len(asked) == 2, "the second lot is the record that the first one named"
