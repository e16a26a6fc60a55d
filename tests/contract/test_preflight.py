"""What the checks before a first run say, defect by defect, over the real clients."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import adbc_driver_manager
import pytest
from adbc_driver_manager import AdbcStatusCode

from taskbridge.core.finding import Finding, Level
from taskbridge.core.terms import Side
from taskbridge.engine.ports import Allowance, Sides
from taskbridge.engine.preflight import Section, calls_left, is_well, preflight, table
from taskbridge.errors import ConnectionMissing, TaskBridgeError
from taskbridge.settings import Settings
from taskbridge.sides.sales_connect.side import SalesConnectSide
from taskbridge.sides.salesforce.side import SalesforceSession, SalesforceSide
from taskbridge.store import Ledger
from tests.contract.sandbox_process import Sandbox
from tests.contract.worlds import SalesConnectWorld, SalesforceWorld, sales_connect_side, salesforce_side

MENDED = (Level.OK, Level.WARNING)


@dataclass
class Place:
    """Both services, and what is examined of them."""

    sandbox: Sandbox
    ledger: Ledger | TaskBridgeError
    sc: SalesConnectWorld
    sf: SalesforceWorld
    settings: Settings = field(default_factory=Settings)

    def examine(self, **sides: Any) -> list[Section]:
        """With clients that have never logged in. `sides` replaces one of them."""
        fresh = {
            "sales_connect": sales_connect_side(self.sc.service),
            "salesforce": salesforce_side(
                self.sf.service, marker_field=self.settings.salesforce_marker_field
            ),
        }
        return preflight(Sides(**{**fresh, **sides}), self.ledger, self.settings, self.sc.now)


@pytest.fixture
def place(sandbox: Sandbox, sales_connect: SalesConnectWorld, salesforce: SalesforceWorld) -> Place:
    user = {"salesforce_task_sync": True}
    sales_connect.service.control("PATCH", f"/people/users/{sales_connect.owner}", user)
    unused = ConnectionMissing("The Airflow connection taskbridge_db does not exist; create it.")
    return Place(sandbox, unused, sales_connect, salesforce)


def found(sections: list[Section], system: str, subject: str) -> Finding:
    (finding,) = (
        each
        for section in sections
        if section.name == system
        for each in section.findings
        if each.subject == subject
    )
    return finding


def not_ok(sections: list[Section], system: str) -> dict[str, Level]:
    (section,) = (each for each in sections if each.name == system)
    return {each.subject: each.level for each in section.findings if each.level is not Level.OK}


@pytest.mark.postgres
def test_all_is_well_where_all_is_there_and_nothing_was_written(place: Place, ledger: Ledger) -> None:
    place.ledger = ledger
    for service in (place.sc.service, place.sf.service):
        service.control("DELETE", "/calls")
    sections = place.examine()
    said = table(sections)
    assert is_well(sections), said
    assert "All is well." in said
    assert "1 users: ada@example.com" in said
    assert "External ID, Unique" in said
    assert sum(service.calls()["writes"] for service in (place.sc.service, place.sf.service)) == 0
    assert place.sf.service.calls()["total"] <= 8
    assert not ledger.sides.state().has_pairs
    assert not ledger.sides.state().identities


@dataclass(frozen=True)
class Defect:
    """Switches of the Salesforce sandbox, the line that must change, and what it must say."""

    switches: dict[str, Any]
    subject: str
    says: tuple[str, ...]
    level: Level = Level.PROBLEM


DEFECTS = {
    "no api": Defect({"api_enabled": False}, "API enabled", ("API_DISABLED_FOR_ORG", "API Enabled")),
    "no calls left": Defect({"api_daily_max": 0}, "calls left", ("REQUEST_LIMIT_EXCEEDED", "allocation")),
    "hidden object": Defect({"hidden_objects": ["Task"]}, "Task", ("not to be seen", "grant", "Task")),
    "read-only user": Defect({"read_only_user": True}, "Task: edit", ("not allowed", "permission set")),
    "no create": Defect({"read_only_user": True}, "Task: create", ("not allowed",)),
    "no delete": Defect({"read_only_user": True}, "Task: delete", ("not allowed",)),
    "hidden field": Defect(
        {"hidden_fields": ["Task.Description"]},
        "field Description",
        ("hidden", "Task.Description", "field-level security"),
    ),
    "read-only field": Defect(
        {"read_only_fields": ["Task.ActivityDate"]},
        "field ActivityDate",
        ("not to be set on create or edited", "Task.ActivityDate"),
    ),
    "hidden field that is only read": Defect(
        {"hidden_fields": ["Task.IsClosed"]}, "field IsClosed", ("hidden", "Task.IsClosed")
    ),
    "hidden field that is done without": Defect(
        {"hidden_fields": ["Task.TaskSubtype"]},
        "field TaskSubtype",
        ("hidden", "every task counts as a reminder", "Task.TaskSubtype"),
        Level.WARNING,
    ),
    "no marker": Defect(
        {"external_id_field": False},
        "marker field Taskbridge_Id__c",
        ("not there", "Activity", "External ID, Unique", "salesforce_marker_field"),
    ),
    "marker hidden": Defect(
        {"hidden_fields": ["Task.Taskbridge_Id__c"]}, "marker field Taskbridge_Id__c", ("hidden",)
    ),
    "marker not unique": Defect(
        {"external_id_unique": False}, "marker field Taskbridge_Id__c", ("not Unique", "twice")
    ),
    "marker not to be set": Defect(
        {"read_only_fields": ["Task.Taskbridge_Id__c"]},
        "marker field Taskbridge_Id__c",
        ("not to be set", "edit access"),
    ),
    "value missing": Defect(
        {"picklists": {"Task.Status": ["Not Started", "Done"]}},
        "values of Status",
        ("Completed missing", "not restricted", "Task.Status"),
        Level.WARNING,
    ),
    "value missing and restricted": Defect(
        {"picklists": {"Task.Priority": ["Normal"]}, "restricted_status": True},
        "values of Priority",
        ("High missing", "picklist is restricted", "Task.Priority"),
    ),
    "hidden leads": Defect(
        {"hidden_objects": ["Lead"]},
        "contacts and leads",
        ("Lead cannot be looked up", "read on Lead", "fill_person"),
        Level.WARNING,
    ),
    "hidden contact field": Defect(
        {"hidden_fields": ["Contact.MasterRecordId"]},
        "contacts and leads",
        ("Contact cannot be looked up",),
        Level.WARNING,
    ),
    "hidden users": Defect({"hidden_objects": ["User"]}, "users", ("User",)),
}


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_of_salesforce_has_its_line_with_a_remedy(place: Place, defect: Defect) -> None:
    place.sf.service.switch(**defect.switches)
    sections = place.examine()
    finding = found(sections, "Salesforce", defect.subject)
    assert finding.level is defect.level, table(sections)
    text = f"{finding.seen} {finding.expected} {finding.remedy}"
    assert [word for word in defect.says if word not in text] == []
    assert is_well([_of(sections, "Salesforce")]) == (defect.level in MENDED)


@pytest.mark.parametrize(("left", "level"), [(1501, Level.OK), (1500, Level.WARNING), (0, Level.WARNING)])
def test_calls_that_run_out_are_a_warning(left: int, level: Level) -> None:
    finding = calls_left(Allowance(left, 15_000), 0.1)
    assert finding.level is level
    assert f"{left:,} of 15,000 in 24 hours" in finding.seen


def test_what_hangs_on_a_failed_check_says_so_instead_of_failing_too(place: Place) -> None:
    place.sf.service.switch(api_enabled=False)
    levels = not_ok(place.examine(), "Salesforce")
    assert levels.pop("API enabled") is Level.PROBLEM
    assert levels
    assert set(levels.values()) == {Level.NOT_CHECKED}


def test_without_visible_fields_tasks_are_not_read(place: Place) -> None:
    place.sf.service.switch(hidden_fields=["Task.Description", "Task.Subject"])
    levels = not_ok(place.examine(), "Salesforce")
    assert levels == {
        "field Description": Level.PROBLEM,
        "field Subject": Level.PROBLEM,
        "tasks": Level.NOT_CHECKED,
        "feed of deletes": Level.NOT_CHECKED,
    }


def test_a_restricted_picklist_is_told_also_when_it_is_well(place: Place) -> None:
    place.sf.service.switch(restricted_status=True)
    assert "picklist is restricted" in found(place.examine(), "Salesforce", "values of Status").seen


def test_an_unreachable_and_a_refusing_system_are_one_problem_each(place: Place) -> None:
    secret = "secret-4711"
    service = place.sc.service
    refused = SalesConnectSide(service.url, service.secrets["client_id"], secret)
    ended = SalesforceSide(lambda: SalesforceSession("https://127.0.0.1:9", f"00D5g000004AbCd!{secret}"))
    sections = place.examine(sales_connect=refused, salesforce=ended)
    assert found(sections, "Sales Connect", "login").level is Level.PROBLEM
    assert "correct the connection's client id and secret" in found(sections, "Sales Connect", "login").seen
    assert "cannot be reached" in found(sections, "Salesforce", "API enabled").seen
    assert found(sections, "Users", "who takes part").level is Level.NOT_CHECKED
    assert found(sections, "Database", "connection").level is Level.PROBLEM
    assert not is_well(sections)
    assert secret not in table(sections)
    assert "Traceback" not in table(sections)


def test_optional_parts_that_sales_connect_lacks_are_warnings(place: Place) -> None:
    place.sc.service.switch(batch=False, deleted_tasks=False)
    assert not_ok(place.examine(), "Sales Connect") == {
        "feed of deletes": Level.WARNING,
        "batches": Level.WARNING,
    }


def test_a_listing_that_fails_is_a_problem_of_its_own(place: Place) -> None:
    refusal = {"status": 403, "code": "forbidden", "times": None}
    place.sc.service.fault(kind="status", endpoint="GET /v2/tasks", **refusal)
    place.sc.service.fault(kind="status", endpoint="GET /v2/deleted_tasks", **refusal)
    levels = not_ok(place.examine(), "Sales Connect")
    assert levels == {"tasks": Level.PROBLEM, "feed of deletes": Level.PROBLEM}


@pytest.mark.parametrize(
    ("who", "seconds", "apart"),
    [
        ("sf", 90, {"Salesforce and this machine"}),
        ("sf", 300, {"Salesforce and this machine", "both systems"}),
        ("sc", 300, {"Salesforce and this machine", "both systems"}),
    ],
)
def test_clocks_that_differ_are_a_warning(place: Place, who: str, seconds: int, apart: set[str]) -> None:
    # The machine's clock is Sales Connect's here.
    world: SalesConnectWorld | SalesforceWorld = getattr(place, who)
    world.advance(seconds)
    sections = place.examine()
    assert not_ok(sections, "Clocks") == dict.fromkeys(apart, Level.WARNING)
    told = found(sections, "Clocks", "Salesforce and this machine").seen.partition(" ")[0]
    # Servers tell whole seconds.
    assert abs(int(told) - seconds) <= 2


@pytest.mark.postgres
def test_a_mapped_user_who_became_inactive_is_a_problem(place: Place, ledger: Ledger) -> None:
    place.ledger = ledger
    _map(ledger, place)
    place.sf.service.control("PATCH", f"/people/User/{place.sf.owner}", {"fields": {"IsActive": False}})
    finding = found(place.examine(), "Users", "mapped users active")
    assert (finding.level, finding.seen) == (Level.PROBLEM, "inactive in a system, or gone: ada@example.com")


def test_users_who_cannot_be_matched_are_named(place: Place) -> None:
    new = {"email": "dora@example.com", "name": "dora", "salesforce_task_sync": True}
    place.sc.service.control("POST", "/people/users", new)
    finding = found(place.examine(), "Users", "users unmapped")
    assert (finding.level, finding.seen) == (Level.WARNING, "dora@example.com")
    assert "user_map" in finding.remedy


def test_nobody_who_takes_part_is_a_warning(place: Place) -> None:
    off = {"salesforce_task_sync": False}
    place.sc.service.control("PATCH", f"/people/users/{place.sc.owner}", off)
    finding = found(place.examine(), "Users", "who takes part")
    assert (finding.level, finding.seen) == (Level.WARNING, "nobody")


@pytest.mark.postgres
def test_a_database_without_tables_is_a_problem_and_users_are_told_all_the_same(
    place: Place, empty_database_url: str
) -> None:
    with Ledger(empty_database_url) as empty:
        place.ledger = empty
        sections = place.examine()
    assert "make migrate" in found(sections, "Database", "schema").seen
    assert found(sections, "Users", "who takes part").level is Level.OK


@pytest.mark.postgres
def test_a_paused_side_is_a_warning(place: Place, ledger: Ledger) -> None:
    place.ledger = ledger
    ledger.sides.pause_side(Side.SALESFORCE, "refused; correct the secret", timedelta(minutes=20))
    finding = found(place.examine(), "Database", "Salesforce paused")
    assert finding.level is Level.WARNING
    assert "refused; correct the secret" in finding.seen
    assert "bridge.resume_side('salesforce', 'your name')" in finding.remedy


@pytest.mark.postgres
def test_C19_the_driver_that_reads_frames_is_tried_whatever_the_systems_answer(
    place: Place, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise adbc_driver_manager.OperationalError("no such host", status_code=AdbcStatusCode.IO)

    monkeypatch.setattr("taskbridge.store.database.dbapi.connect", refused)
    place.sf.service.switch(api_enabled=False)
    with Ledger(database_url) as half:
        place.ledger = half
        sections = place.examine()
    assert found(sections, "Database", "schema").level is Level.OK
    finding = found(sections, "Database", "reading")
    assert (finding.level, "no such host" in finding.seen) == (Level.PROBLEM, True)


def test_a_database_that_does_not_answer_is_a_problem_without_its_password(place: Place) -> None:
    with Ledger("postgresql://tb:pass-4711@127.0.0.1:9/tb") as nowhere:
        place.ledger = nowhere
        sections = place.examine()
    assert "does not answer" in found(sections, "Database", "schema").seen
    assert "4711" not in table(sections)


def _of(sections: list[Section], name: str) -> Section:
    return next(section for section in sections if section.name == name)


def _map(ledger: Ledger, place: Place) -> None:
    """Lets a run remember who is who."""
    from taskbridge.core.run import RunMode, RunSpec
    from taskbridge.engine.engine import Engine
    from taskbridge.engine.steps.opening import open_run

    engine = Engine(ledger, Sides(place.sc.side, place.sf.side), place.settings, lambda: True)
    assert open_run(engine, RunSpec("doctor/map", RunMode.SCHEDULED, "settings", "code"))
