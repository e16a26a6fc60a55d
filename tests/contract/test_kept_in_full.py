"""K5: what a delete of ours removes comes back over HTTPS as it was, with every field that its system takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import DeletePolicy, Op
from taskbridge.settings import Settings
from taskbridge.store import Ledger
from tests.contract.sandbox_process import Sandbox
from tests.contract.test_whole_runs import BothWorlds
from tests.contract.worlds import bring_back

pytestmark = pytest.mark.postgres

CALL = {
    "type": "call",
    "call_outcome": "Connected",
    "call_reason": "Offer",
    "campaign": {"name": "Spring", "day": 3, "step": 2},
}


@pytest.fixture
def both(sandbox: Sandbox, ledger: Ledger) -> BothWorlds:
    return BothWorlds(sandbox, ledger, batch=True, feed=True, sleep=lambda _: None)


def related(both: BothWorlds) -> dict[str, Any]:
    """Values of fields that the sync knows nothing of, custom ones too."""
    control = both.sf.service.control
    named = {"as": both.sf.owner, "fields": {"Name": "Acme"}}
    account = control("POST", "/people/Account", named)["id"]
    return {
        "WhatId": account,
        "CallDisposition": "Left a message",
        "CallType": "Outbound",
        "CallDurationInSeconds": 61,
        "IsReminderSet": True,
        "ReminderDateTime": "2026-05-01T09:00:00.000+0000",
        "Region__c": "North",
        "Deal_Size__c": 12.5,
        "Is_Hot__c": True,
        "Sponsor__c": both.sf.contact(),
    }


def call_pair(both: BothWorlds) -> tuple[str, dict[str, Any]]:
    """A call of a contact whom Salesforce does not know, and its copy, with everything filled in."""
    unknown = {"id": 9001, "name": "Nora", "email": "nora@example.com", "salesforce_id": None}
    both.sc.service.control("POST", "/load", {"people": [unknown]})
    task = both.sc.create("Call", person_id=9001, **CALL)
    both.sync()
    values = related(both)
    [copy] = both.tasks()[0]
    both.sf.service.control("PATCH", f"/people/Task/{copy['Id']}", {"as": both.sf.owner, "fields": values})
    both.sync()
    both.sync()
    return task, values


def restore(both: BothWorlds, task: str) -> Any:
    return both.sync(RunMode.RESTORE, link_id=task)  # type: ignore[arg-type]


def test_K5_a_pair_that_was_deleted_in_sales_connect_comes_back_with_every_field(both: BothWorlds) -> None:
    task, values = call_pair(both)
    both.sc.delete(task)
    both.sync()
    assert both.tasks() == ([], [])
    report = restore(both, task)
    assert report.outcome is RunOutcome.CLEAN, report.text
    assert "without" not in report.text
    [copy], [original] = both.tasks()
    assert {name: copy[name] for name in values} == values
    assert {name: original[name] for name in CALL} == CALL
    written = both.writes()
    both.sync()
    assert both.writes() == written, "what was brought back is in step"


def test_K5_a_call_that_was_deleted_by_salesforce_comes_back_as_a_call_of_its_person(
    both: BothWorlds,
) -> None:
    task, values = call_pair(both)
    both.sf.delete(both.tasks()[0][0]["Id"])
    both.sync()
    assert both.tasks() == ([], [])
    report = restore(both, task)
    [copy], [original] = both.tasks()
    assert {name: original[name] for name in (*CALL, "person_id")} == {**CALL, "person_id": 9001}, report.text
    assert {name: copy[name] for name in values} == values


def test_K5_the_last_look_carries_all_fields_and_no_further_call(both: BothWorlds) -> None:
    task, _ = call_pair(both)
    both.sc.delete(task)
    both.sf.service.control("DELETE", "/calls")
    both.sync()
    called = both.sf.service.calls()["by_endpoint"]
    assert sum(count for name, count in called.items() if "oauth2" not in name) == 4, called


@pytest.mark.parametrize(
    ("field", "refusal"),
    [
        ("Region__c", {"picklists": {"Task.Region__c": ["West"]}}),
        ("Deal_Size__c", {"read_only_fields": ["Task.Deal_Size__c"]}),
        ("WhatId", "the account is gone"),
        ("Sponsor__c", "the contact is gone"),
    ],
)
def test_K5_what_the_org_does_not_take_any_more_is_left_out(
    both: BothWorlds, field: str, refusal: dict[str, Any] | str
) -> None:
    task, values = call_pair(both)
    both.sc.delete(task)
    both.sync()
    if isinstance(refusal, str):
        name = {"WhatId": "Account", "Sponsor__c": "Contact"}[field]
        both.sf.service.control("DELETE", f"/people/{name}/{values[field]}?as={both.sf.owner}")
    else:
        both.sf.service.switch(**refusal)
    report = restore(both, task)
    [copy] = both.tasks()[0]
    assert {name: copy[name] for name in values} == {**values, field: None}, report.text
    if field != "Deal_Size__c":  # the description told of that one
        assert "brought back without what the system refused" in report.text


def test_K5_a_refusal_that_names_no_field_leaves_out_what_points_elsewhere_then_everything(
    both: BothWorlds,
) -> None:
    """Of a validation rule nobody knows which field it is about: a task without all of them is better than no task."""
    task, _ = call_pair(both)
    both.sc.delete(task)
    both.sync()
    rule = {"object": "Task", "field": "Region__c", "refuse": "North", "message": "closed"}
    both.sf.service.switch(validation_rules=[rule])
    report = restore(both, task)
    [copy] = both.tasks()[0]
    assert copy["Region__c"] is None
    assert copy["Subject"] == "Call", report.text


def test_K5_sales_connect_leaves_out_a_person_that_is_gone(both: BothWorlds) -> None:
    row = {"type": "call", "call_outcome": "Busy", "payload": '{"person": {"id": 77}}'}
    before = both.sc.new("Call", "tb:x:1:2", person=None)
    [outcome] = bring_back(both.sc.side, {**before, **row})
    assert (outcome["outcome"], outcome["code"]) == ("done", "FIELDS_LEFT_OUT")
    assert "person_id" in outcome["message"]
    [made] = both.tasks()[1]
    assert (made["type"], made["call_outcome"], made["person_id"]) == ("call", "Busy", None)


def test_K5_K4_what_an_edit_brings_back_is_as_it_lies_in_the_bin(both: BothWorlds) -> None:
    """Nothing of ours removed it, and an edit needs it again: Salesforce still shows it in full."""
    task, values = call_pair(both)
    both.engine = replace(both.engine, settings=Settings(delete_policy=DeletePolicy.EDIT_WINS))
    both.sf.delete(both.tasks()[0][0]["Id"])
    both.sc.edit(task, details="edited")
    both.sync()
    [copy] = both.tasks()[0]
    assert {name: copy[name] for name in values} == values
    assert copy["Description"] == "edited"


def test_F7_an_import_is_custom_as_ever(both: BothWorlds) -> None:
    outcomes = both.sc.write(Op.CREATE, both.sc.new("Call", "tb:x:1:1"))
    assert [one["outcome"] for one in outcomes] == ["done"]
    assert [one["type"] for one in both.tasks()[1]] == ["custom"]
