"""Fields that an org does not have or show, and that are done without."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from taskbridge.core.finding import Level
from taskbridge.core.terms import Op
from taskbridge.engine.pause import WatchedSides
from taskbridge.engine.ports import Sides
from taskbridge.errors import ContractBroken
from taskbridge.sides.failures import Refusal
from taskbridge.sides.salesforce.records import TASK_FIELDS
from taskbridge.store import Ledger
from tests.contract.sandbox_process import Sandbox
from tests.contract.scripted import scripted_salesforce
from tests.contract.test_whole_runs import BothWorlds
from tests.contract.worlds import SalesforceWorld, salesforce_side

OPTIONAL = {
    "Task.IsArchived": "is_archived",
    "Task.CompletedDateTime": "completed_at",
    "Task.TaskSubtype": "subtype",
    "Task.WhoId": "person",
}


def calls(salesforce: SalesforceWorld) -> int:
    counted = salesforce.service.calls()
    return int(counted["total"]) - int(counted["logins"])


@pytest.mark.parametrize("hidden", [[name] for name in OPTIONAL] + [list(OPTIONAL)], ids=len)
def test_what_is_done_without_is_null_and_asked_for_once(
    salesforce: SalesforceWorld, hidden: list[str]
) -> None:
    task = salesforce.create("Call", status="Completed", details="kept")
    salesforce.service.switch(hidden_fields=hidden)
    before = calls(salesforce)
    row = salesforce.read(task)[task]
    assert calls(salesforce) - before == 3, "refused, described, read"
    assert salesforce.side.lacking == set(hidden)
    assert {column: row[column] for name, column in OPTIONAL.items() if name in hidden} == dict.fromkeys(
        OPTIONAL[name] for name in hidden
    )
    assert (row["title"], row["status"], row["details"]) == ("Call", "Completed", "kept")
    assert row["problem_code"] is None
    before = calls(salesforce)
    window = salesforce.lately()
    assert len(salesforce.changes(window.start, window.end)) == 1
    assert calls(salesforce) - before == 1


def test_a_description_also_brings_fields_back(salesforce: SalesforceWorld) -> None:
    salesforce.service.switch(hidden_fields=["Task.TaskSubtype", "User.TimeZoneSidKey"])
    info = salesforce.side.connect()
    assert set(info.users["time_zone"].isna()) == {True}
    contract = salesforce.side.contract()
    assert contract.breaches == ()
    (warned,) = [finding for finding in contract.findings if finding.level is Level.WARNING]
    assert (warned.subject, "logged e-mails" in warned.seen) == ("field TaskSubtype", True)
    assert salesforce.side.lacking == {"Task.TaskSubtype", "User.TimeZoneSidKey"}
    salesforce.service.switch(hidden_fields=[])
    salesforce.side.contract()
    assert salesforce.side.lacking == set()
    assert set(salesforce.side.connect().users["time_zone"].isna()) == {False}


def test_a_person_that_cannot_be_set_is_not_sent(salesforce: SalesforceWorld) -> None:
    nora = salesforce.contact()
    salesforce.service.switch(read_only_fields=["Task.WhoId"])
    contract = salesforce.side.contract()
    assert (contract.breaches, salesforce.side.lacking) == ((), {"Task.WhoId"})
    (outcome,) = salesforce.write(Op.CREATE, salesforce.new("t", "tb:1", person=nora))
    assert (outcome["outcome"], outcome["code"]) == ("done", None)


def test_what_is_needed_is_still_needed(salesforce: SalesforceWorld) -> None:
    salesforce.service.switch(hidden_fields=["Task.IsArchived", "Task.IsClosed"])
    with pytest.raises(ContractBroken, match="IsClosed"):
        salesforce.read("00T5g000004AbCdEAK")


def test_a_refusal_that_no_description_explains_stays_one() -> None:
    error = {"errorCode": "INVALID_FIELD", "message": "No such column 'Odd__c' on entity 'Task'."}
    field = {"createable": True, "updateable": True, "externalId": True, "unique": True,
             "restrictedPicklist": False, "picklistValues": []}  # fmt: skip
    side, script = scripted_salesforce((400, [error]), (200, _described(field)))
    with pytest.raises(Refusal, match="Odd__c"):
        side.read_ids(["00T5g000004AbCdEAK"], {})
    assert len(script.requests) == 2


def _described(field: dict[str, Any]) -> dict[str, Any]:
    """A Task of which nothing is missing."""
    names = [*TASK_FIELDS, "Taskbridge_Id__c"]
    rights = ("queryable", "retrieveable", "createable", "updateable", "deletable")
    return {
        "name": "Task",
        **dict.fromkeys(rights, True),
        "fields": [{"name": name, **field} for name in names],
    }


@pytest.mark.postgres
def test_a_new_process_is_told_and_an_idle_run_makes_two_calls(
    sandbox: Sandbox, ledger: Ledger, database_url: str
) -> None:
    both = BothWorlds(sandbox, ledger, batch=True, feed=True)
    sandbox.salesforce.switch(hidden_fields=["Task.IsArchived", "User.TimeZoneSidKey"])
    task = both.sc.create("Call Ann", details="first")
    both.sync()
    both.sync()
    with psycopg.connect(database_url) as connection:
        (lacking,) = (
            connection.execute("SELECT lacking FROM mart.sides WHERE side = 'salesforce'").fetchone() or ()
        )
    assert lacking == ["Task.IsArchived", "User.TimeZoneSidKey"]
    anew = salesforce_side(sandbox.salesforce)
    object.__setattr__(both.engine, "sides", WatchedSides(Sides(both.sc.side, anew), ledger))
    sandbox.salesforce.control("DELETE", "/calls")
    both.sync()
    counted = sandbox.salesforce.calls()
    assert counted["total"] - counted["logins"] == 2
    both.sc.edit(task, details="second")
    both.sync()
    assert [one["Description"] for one in both.tasks()[0]] == ["second"]
