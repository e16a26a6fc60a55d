"""The contract over the real client: what vanished stops the reading, what cannot be written stops the writing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from taskbridge.core.run import RunMode, RunOutcome, RunSpec, Window
from taskbridge.engine.cycle import run_cycle
from taskbridge.errors import ContractBroken
from taskbridge.store import Ledger
from tests.contract.sandbox_process import Sandbox
from tests.contract.scripted import scripted_salesforce
from tests.contract.test_whole_runs import BothWorlds
from tests.contract.worlds import SalesforceWorld

ASK: dict[str, Callable[[SalesforceWorld], Any]] = {
    "changes": lambda world: list(world.side.read_changes(Window(world.now(), world.now()))),
    "ids": lambda world: world.read("00T5g000004AbCdEAK"),
    "markers": lambda world: world.side.find_markers(["tb:x:1:1"]),
    "any marker": lambda world: world.side.carries_markers(),
}


@pytest.mark.parametrize("ask", ["changes", "ids", "markers"])
def test_a_field_that_vanished_is_named_with_its_object_and_remedy(
    salesforce: SalesforceWorld, ask: str
) -> None:
    salesforce.service.switch(hidden_fields=["Task.Description", "Task.IsClosed"])
    with pytest.raises(ContractBroken) as broken:
        ASK[ask](salesforce)
    said = str(broken.value)
    assert "salesforce_default: Task lacks what the sync needs" in said
    assert "field Description: not there, or hidden from the integration user" in said
    assert "Task.IsClosed (field-level security)" in said
    assert "SELECT" not in said
    assert "\n" not in said


@pytest.mark.parametrize("ask", ASK)
def test_a_marker_field_that_vanished_is_named(salesforce: SalesforceWorld, ask: str) -> None:
    salesforce.service.switch(external_id_field=False)
    with pytest.raises(
        ContractBroken, match=r"marker field Taskbridge_Id__c: not there.*create it on Activity"
    ):
        ASK[ask](salesforce)


def test_an_object_that_vanished_is_named(salesforce: SalesforceWorld) -> None:
    salesforce.service.switch(hidden_objects=["Task"])
    with pytest.raises(ContractBroken, match=r"the object Task is not to be seen; grant .* on Task"):
        ASK["changes"](salesforce)


def test_a_field_of_the_users_that_vanished_is_named(salesforce: SalesforceWorld) -> None:
    salesforce.service.switch(hidden_fields=["User.Email"])
    with pytest.raises(ContractBroken, match=r"User lacks what the sync needs\. field Email"):
        salesforce.side.connect()


def test_the_description_of_a_stock_org_is_as_it_is_needed(salesforce: SalesforceWorld) -> None:
    contract = salesforce.side.contract()
    assert contract.breaches == ()
    assert contract.values == {
        "Status": ("Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred"),
        "Priority": ("High", "Normal", "Low"),
    }


def calls(world: SalesforceWorld) -> int:
    counted = world.service.calls()
    return int(counted["total"] - counted["logins"])


def test_the_contract_comes_with_the_users_by_one_call(salesforce: SalesforceWorld) -> None:
    salesforce.service.switch(page_size=200)
    alone, contract = salesforce.side.connect(), salesforce.side.contract()
    before = calls(salesforce)
    info = salesforce.side.connect(describe=True)
    assert calls(salesforce) - before == 1
    assert info.contract == contract
    assert info.users.equals(alone.users)
    assert (info.identity, info.server_now >= alone.server_now) == (alone.identity, True)
    assert alone.contract is None


def test_what_is_done_without_is_found_out_and_comes_back_with_that_call(salesforce: SalesforceWorld) -> None:
    salesforce.service.switch(hidden_fields=["Task.TaskSubtype", "User.TimeZoneSidKey"])
    assert set(salesforce.side.connect(describe=True).users["time_zone"].isna()) == {True}
    assert salesforce.side.lacking == {"Task.TaskSubtype", "User.TimeZoneSidKey"}
    salesforce.service.switch(hidden_fields=[])
    salesforce.side.connect(describe=True)
    assert salesforce.side.lacking == set()
    assert set(salesforce.side.connect().users["time_zone"].isna()) == {False}


def test_a_breach_does_not_hide_the_users(salesforce: SalesforceWorld) -> None:
    salesforce.service.switch(hidden_objects=["Task"])
    info = salesforce.side.connect(describe=True)
    assert info.contract is not None
    assert "the object Task is not to be seen" in info.contract.sentence
    assert len(info.users)


def test_of_several_questions_in_one_call_the_one_that_failed_is_asked_alone() -> None:
    page = {"totalSize": 0, "done": True, "records": []}
    refused = [{"errorCode": "SERVER_UNAVAILABLE", "message": "busy"}]
    not_found = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
    side, script = scripted_salesforce(
        (200, composite(users=(503, refused), Task=(503, refused))), (404, not_found), (200, page)
    )
    info = side.connect(describe=True)
    assert info.contract is not None
    assert not info.contract.readable
    assert [request.path_url.partition("?")[0].rpartition("/")[2] for request in script.requests] == [
        "composite", "describe", "query",
    ]  # fmt: skip


@pytest.mark.parametrize("body", [[], {"compositeResponse": [{}]}, {"compositeResponse": []}])
def test_a_composite_answer_of_another_shape_is_refused(body: Any) -> None:
    side, _ = scripted_salesforce((200, body))
    with pytest.raises(ContractBroken, match=r"salesforce_default: .*composite answer"):
        side.connect(describe=True)


def composite(**parts: tuple[int, Any]) -> dict[str, Any]:
    return {
        "compositeResponse": [
            {"referenceId": name, "httpStatusCode": status, "httpHeaders": {}, "body": body}
            for name, (status, body) in parts.items()
        ]
    }


@pytest.mark.postgres
def test_an_idle_run_makes_two_calls_and_a_right_that_was_withdrawn_halts_before_any_write(
    sandbox: Sandbox, ledger: Ledger, database_url: str
) -> None:
    both = BothWorlds(sandbox, ledger, batch=True, feed=True)
    both.sc.create("Call Cem")
    both.sync()
    sandbox.salesforce.control("DELETE", "/calls")
    both.sync()
    assert sandbox.salesforce.calls()["total"] == 2
    before = both.writes()
    sandbox.salesforce.switch(read_only_fields=["Task.ActivityDate"])
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE bridge.contract SET looked_at = looked_at - interval '61 minutes'")
    both.sc.create("Call Ann")
    both.sf.create("Call Ben")
    for world in (both.sc, both.sf):
        world.advance(60)
    report = run_cycle(both.engine, RunSpec("halts", RunMode.SCHEDULED, "settings", "code"))
    assert report.outcome is RunOutcome.FAILED
    assert "field ActivityDate: to be seen, but not to be set on create or edited" in report.text
    assert both.writes() == before
    sandbox.salesforce.switch(read_only_fields=[])
    both.sync()
    assert [task["Subject"] for task in both.tasks()[0]] == ["Call Cem", "Call Ben", "Call Ann"]
