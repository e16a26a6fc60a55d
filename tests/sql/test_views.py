"""The views for people, each with rows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from taskbridge.core.run import Run, RunOutcome
from taskbridge.store import Ledger
from tests.sql.rows import (
    NOW,
    SC,
    SF,
    action,
    at,
    change,
    end,
    gone,
    linked,
    new_link,
    one,
    open_run,
    outcome,
    page,
    plan,
    query,
    task,
    user,
    users,
    write,
)


@pytest.fixture
def people(ledger: Ledger) -> Ledger:
    """The ledger with Ada, who is synced, and Ben, who is not."""
    ben = user("u2", sf_user_id="005B", name="Ben", state="off", first_sync=None)
    ledger.people.save_user_map(open_run(ledger), users(user(), ben))
    return ledger


def decide(ledger: Ledger, minute: float, *ends: Any, **given: Any) -> Run:
    """A run that stages a row for each end and stores this plan."""
    run = open_run(ledger, at(minute), dry_run=given.pop("dry_run", False))
    rows = given.pop("rows", {})
    for placed in ends:
        side = SC if placed["side"] == SC else SF
        row = rows.get(placed["remote_id"], task(side, placed["remote_id"], version=at(minute)))
        ledger.staging.stage(run, side, page(side, row), "delta")
    ledger.plans.save_plan(run, plan(ends=ends, **given))
    return run


# tasks_current


def test_tasks_current_shows_the_base_of_a_pair_at_rest(people: Ledger, database_url: str) -> None:
    link_id = linked(people)
    run = decide(
        people,
        5,
        end(SC, "1", "planned", link_id),
        rows={"1": task(SC, "1", title="New", version=at(5))},
        actions=[action(0, link_id, SF, "update", remote_id="00T1", mask=1, title="New")],
        changes=[change(link_id, 0, sc_mask=1, sc_title="New", sf_mask=1, sf_title="New")],
    )
    write(people, run, SF, outcome(f"{run.run_id}-0", "done", written_at=at(5)))
    people.links.settle(run, {}, final=False)
    rows = query(database_url, "SELECT * FROM mart.tasks_current ORDER BY side")
    assert [(row["side"], row["remote_id"], row["title"], row["status"]) for row in rows] == [
        ("sales_connect", "1", "New", "open"),
        ("salesforce", "00T1", "New", "Not Started"),
    ]
    assert [(row["owner_name"], row["deleted"], row["dirty"]) for row in rows] == [("Ada", False, False)] * 2
    assert [row["link_id"] for row in rows] == [link_id] * 2


def test_tasks_current_shows_the_last_sight_of_everything_else(people: Ledger, database_url: str) -> None:
    link_id = linked(people)
    rows = {"1": task(SC, "1", title="Held", version=at(5)), "8": gone("8")}
    ends = [end(SC, "1", "held", link_id, "K3"), end(SC, "7", "ignored", rule="I2"), end(SC, "8", "ignored")]
    people.links.settle(decide(people, 5, *ends, rows=rows), {}, final=False)
    decide(people, 6, end(SC, "7", "ignored"), rows={"7": task(SC, "7", title="Looked")}, dry_run=True)
    found = query(
        database_url, "SELECT * FROM mart.tasks_current WHERE side = 'sales_connect' ORDER BY remote_id"
    )
    assert [(row["remote_id"], row["title"], row["deleted"], row["dirty"]) for row in found] == [
        ("1", "Held", False, True),
        ("7", "Call Ann", False, False),
        ("8", None, True, False),
    ]
    assert [(row["disposition"], row["rule"]) for row in found][:2] == [("held", "K3"), ("ignored", "I2")]


def test_tasks_current_outlives_the_staging(people: Ledger, database_url: str) -> None:
    linked(people)
    query(database_url, "DELETE FROM staging.sales_connect_task; DELETE FROM staging.salesforce_task")
    query(database_url, "UPDATE bridge.link SET state = 'tombstone'")
    found = query(database_url, "SELECT remote_id, title, deleted FROM mart.tasks_current ORDER BY side")
    assert found == [
        {"remote_id": "1", "title": "Call Ann", "deleted": True},
        {"remote_id": "00T1", "title": "Call Ann", "deleted": True},
    ]


def test_task_pairs_shows_both_sides(people: Ledger, database_url: str) -> None:
    link_id = linked(people)
    row = one(database_url, "SELECT * FROM mart.task_pairs")
    assert (row["link_id"], row["origin"], row["state"], row["dirty"]) == (
        link_id,
        "sales_connect",
        "linked",
        False,
    )
    assert (row["sc_id"], row["sf_id"], row["sc_status"], row["sf_status"]) == (
        "1",
        "00T1",
        "open",
        "Not Started",
    )
    assert (row["owner_name"], row["changed_at"] is not None) == ("Ada", True)


# not_synced


def why(url: str) -> dict[tuple[str, str], dict[str, Any]]:
    found = query(url, "SELECT * FROM mart.not_synced")
    assert len({(row["side"], row["remote_id"]) for row in found}) == len(found), "a record is named twice"
    assert all(row["explanation"] and row["remedy"] for row in found)
    return {(row["side"], row["remote_id"]): row for row in found}


def test_not_synced_says_why_a_record_stays_alone(people: Ledger, database_url: str) -> None:
    linked(people)
    run = decide(
        people,
        5,
        end(SC, "1", "unchanged"),
        end(SC, "2", "ignored", rule="I2"),
        end(SF, "00T3", "ignored", rule="S2,I1"),
        end(SC, "4", "deferred", rule="selection"),
        end(SC, "5", "ignored", rule="X9"),
        end(SC, "6", "ignored", rule="I4"),
        rows={"00T3": task(SF, "00T3", owner="005B"), "6": gone("6")},
    )
    people.links.settle(run, {}, final=False)
    found = why(database_url)
    assert sorted(found) == [
        ("sales_connect", "2"),
        ("sales_connect", "4"),
        ("sales_connect", "5"),
        ("salesforce", "00T3"),
    ]
    pushed = found["sales_connect", "2"]
    assert (pushed["title"], pushed["owner"], pushed["owner_name"], pushed["rule"]) == (
        "Call Ann",
        "u1",
        "Ada",
        "I2",
    )
    assert pushed["explanation"].startswith("The Sales Connect task was created before")
    assert pushed["reason"] == "record"
    off = found["salesforce", "00T3"]
    assert (off["owner_name"], off["rule"]) == ("Ben", "S2,I1")
    assert "Switch on" in off["remedy"]
    assert found["sales_connect", "5"]["explanation"] == "Decided by rule X9."


@pytest.mark.parametrize(
    ("disposition", "rule", "place"),
    [
        ("held", "C1,G3", "task_sync_approval"),
        ("held", "I4", "task_sync_approval"),
        ("held", "C5,C6", "task_sync_approval"),
        ("held", "C1,K3", "task_sync_decide"),
        ("held", "C1,K6", "task_sync_decide"),
        ("held", "G2", "docs/operations.md"),
        ("deferred", "G9", "Nothing"),
        ("waiting", "G4", "mart.errors_by_code"),
    ],
)
def test_not_synced_leads_to_where_the_row_is_let_go(
    disposition: str, rule: str, place: str, people: Ledger, database_url: str
) -> None:
    decide(people, 5, end(SC, "1", disposition, rule=rule))
    assert place in why(database_url)["sales_connect", "1"]["remedy"]


def test_not_synced_forgets_what_became_a_pair_or_a_later_run_settled(
    people: Ledger, database_url: str
) -> None:
    decide(people, 1, end(SC, "1", "ignored", rule="I2"))
    assert list(why(database_url)) == [("sales_connect", "1")]
    linked(people, now=at(2))
    assert why(database_url) == {}


def test_not_synced_names_what_cannot_be_understood(people: Ledger, database_url: str) -> None:
    broken = {
        "remote_id": "7",
        "presence": "live",
        "problem_code": "BAD_DATE",
        "problem_message": "31 February",
    }
    decide(people, 5, end(SC, "7", "dead_letter", rule="G4"), rows={"7": broken})
    row = why(database_url)["sales_connect", "7"]
    assert (row["reason"], row["rule"], row["explanation"]) == ("dead_letter", "G4", "BAD_DATE: 31 February")
    assert row["remedy"].startswith("Correct the record in Sales Connect")


@pytest.mark.parametrize("op", ["create", "update"])
def test_not_synced_names_what_was_rejected(op: str, people: Ledger, database_url: str) -> None:
    """A rejected create is shown at the record that exists, a rejected update at the one that was refused."""
    link_id = linked(people) if op == "update" else "sc:acc:1"
    refused = action(0, link_id, SF, op, remote_id="00T1" if op == "update" else None, mask=1, title="New")
    links = [new_link(link_id, sc_id="1")] if op == "create" else []
    run = decide(people, 5, end(SC, "1", "planned", link_id), actions=[refused], links=links)
    told = {"code": "STRING_TOO_LONG", "message": "too long", "remedy": "shorten it"}
    write(people, run, SF, outcome(f"{run.run_id}-0", "rejected", **told))
    people.links.settle(run, {}, final=False)
    ((where, row),) = why(database_url).items()
    assert where == (("salesforce", "00T1") if op == "update" else ("sales_connect", "1"))
    assert (row["explanation"], row["remedy"]) == ("STRING_TOO_LONG: too long", "shorten it")
    assert (row["title"], row["owner_name"], row["reason"]) == ("Call Ann", "Ada", "dead_letter")


@pytest.mark.parametrize(("state", "rule"), [("held", "C6"), ("missing", "C5"), ("released", "C2")])
def test_not_synced_names_pairs_out_of_step(state: str, rule: str, people: Ledger, database_url: str) -> None:
    link_id = linked(people)
    query(database_url, "UPDATE bridge.link SET state = %s", state)
    query(database_url, "DELETE FROM staging.sales_connect_task")
    row = why(database_url)["sales_connect", "1"]
    assert (row["reason"], row["rule"], row["link_id"], row["title"]) == (state, rule, link_id, "Call Ann")
    decide(people, 5, end(SC, "1", "released", link_id, "C3"))
    assert why(database_url)["sales_connect", "1"]["rule"] == "C3"


def test_each_rule_is_explained_once(database_url: str) -> None:
    rules = [row["rule"] for row in query(database_url, "SELECT rule FROM mart.explanations")]
    assert len(rules) == len(set(rules))
    assert {"S2", "I1", "I2", "C2", "C3", "C5", "G2", "G3", "G4", "G9", "K3", "selection"} <= set(rules)


# command_center (I6)


def test_I6_command_center_sorts_open_tasks_by_the_users_own_day(people: Ledger, database_url: str) -> None:
    today = one(database_url, "SELECT bridge.today_in('Europe/Vienna') AS today")["today"]
    for number, days in enumerate([-1, 0, 1, 2, None]):
        due = None if days is None else today + timedelta(days=days)
        linked(people, str(number), f"00T{number}", at(number), due_date=due)
    linked(people, "7", "00T7", at(10), due_date=today, status="complete")
    linked(people, "8", "00T8", at(11), due_date=today, owner="u2")
    linked(people, "9", "00T9", at(12), due_date=today)
    query(database_url, "UPDATE bridge.link SET state = 'released' WHERE sc_id = '9'")
    found = query(
        database_url, "SELECT sc_id, bucket, user_name, due_date FROM mart.command_center ORDER BY sc_id"
    )
    assert [(row["sc_id"], row["bucket"]) for row in found] == [
        ("0", "overdue"),
        ("1", "today"),
        ("2", "tomorrow"),
    ]
    assert (found[1]["user_name"], found[1]["due_date"]) == ("Ada", today)


def test_I6_command_center_means_a_day_in_the_zone_of_each_user(people: Ledger, database_url: str) -> None:
    """The two zones are 26 hours apart, so that they never have the same date."""
    ahead = one(database_url, "SELECT bridge.today_in('Pacific/Kiritimati') AS today")["today"]
    linked(people, due_date=ahead)
    buckets = {}
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
        query(database_url, "UPDATE bridge.user_map SET time_zone = %s WHERE sc_user_id = 'u1'", zone)
        buckets[zone] = [
            row["bucket"] for row in query(database_url, "SELECT bucket FROM mart.command_center")
        ]
    assert buckets["Pacific/Kiritimati"] == ["today"]
    assert buckets["Etc/GMT+12"] in (["tomorrow"], [])


POSIX = ["UTC+12", "GMT+5", "UTC-3", "EST5", "<+12>-12", "CST6CDT,M3.2.0,M11.1.0", "+02:00"]
STRANGE = [
    "",
    "IST",
    "BST",
    "posix/Europe/Berlin",
    "right/Europe/Berlin",
    "../zoneinfo/Japan",
    "localtime",
    "Europe/Mars",
]


@pytest.mark.parametrize("zone", [*POSIX, *STRANGE])
def test_I6_what_is_no_iana_zone_is_utc_and_said_so(people: Ledger, database_url: str, zone: str) -> None:
    query(database_url, "UPDATE bridge.user_map SET time_zone = %s WHERE sc_user_id = 'u1'", zone)
    utc = one(database_url, "SELECT (now() AT TIME ZONE 'UTC')::date AS today")["today"]
    linked(people, due_date=utc)
    [row] = query(database_url, "SELECT bucket, time_zone, time_zone_remark FROM mart.command_center")
    assert (row["bucket"], row["time_zone"]) == ("today", "UTC")
    assert row["time_zone_remark"].startswith(f"{zone} is no IANA time zone")


@pytest.mark.parametrize(
    ("zone", "meant"),
    [
        ("Europe/Vienna", "Europe/Vienna"),
        ("Etc/GMT+12", "Etc/GMT+12"),
        ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("America/Port-au-Prince", "America/Port-au-Prince"),
        ("EST5EDT", "EST5EDT"),
        ("Japan", "Japan"),
        ("UTC", "UTC"),
        ("CET", "Europe/Brussels"),  # as an abbreviation it knows no summer
    ],
)
def test_I6_iana_zones_are_meant_as_they_are(database_url: str, zone: str, meant: str) -> None:
    assert one(database_url, "SELECT bridge.zone_of(%s) AS zone", zone)["zone"] == meant


@pytest.mark.parametrize("zone", [None, "Mars/Olympus"])
def test_an_unknown_zone_is_taken_as_utc(zone: str | None, database_url: str) -> None:
    row = one(
        database_url,
        "SELECT bridge.today_in(%s::text) AS there, (now() AT TIME ZONE 'UTC')::date AS utc",
        zone,
    )
    assert row["there"] == row["utc"]


# runs and errors


def test_sync_runs_tells_what_a_run_did_also_after_its_staging_is_gone(
    people: Ledger, database_url: str
) -> None:
    link_id = linked(people)
    given = [
        action(0, link_id, SF, "update", remote_id="00T1", mask=1, title="New"),
        action(1, link_id, SF, "update", remote_id="00T1", mask=2, status="Completed"),
    ]
    run = decide(
        people,
        5,
        end(SC, "1", "planned", link_id),
        end(SC, "2", "ignored", rule="I2"),
        end(SF, "00T3", "ignored", rule="I1"),
        actions=given,
        conflicts=[{"link_id": link_id, "field": "title", "rule": "T3", "winner": "sales_connect"}],
    )
    write(people, run, SF, outcome(f"{run.run_id}-0", "done"))
    people.runs.note(run, "a note")
    text = "SELECT * FROM mart.sync_runs WHERE run_id = %s"
    assert one(database_url, text, run.run_id)["outcome"] == "open"
    people.runs.close_run(run, RunOutcome.PARTIAL, "one left", people.runs.counts(run))
    query(database_url, "DELETE FROM staging.sales_connect_task")
    row = one(database_url, text, run.run_id)
    assert (row["outcome"], row["summary"], row["mode"], row["dry_run"]) == (
        "partial",
        "one left",
        "scheduled",
        False,
    )
    assert (row["rows_planned"], row["rows_ignored"], row["rows_held"]) == (1, 2, 0)
    assert (row["created"], row["updated"], row["deleted"], row["actions_not_done"]) == (0, 1, 0, 1)
    assert (row["conflicts"], row["rejected_new"], row["notes"]) == (1, 0, ["a note"])
    assert row["actions"] == {"salesforce": {"update": {"done": 1, "planned": 1}}}
    assert row["duration"] > timedelta(0)
    assert (row["sc_end"], row["sf_start"]) == (at(5), at(-5))


def test_errors_by_code_counts_what_was_met_and_what_is_open(people: Ledger, database_url: str) -> None:
    link_id = linked(people)
    given = [action(seq, link_id, SF, "update", remote_id="00T1", mask=1, title="New") for seq in (0, 1)]
    run = decide(people, 5, end(SC, "1", "planned", link_id), actions=given)
    locked = {"code": "UNABLE_TO_LOCK_ROW", "category": "intermittent", "message": "locked", "remedy": "none"}
    refused = {
        "code": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "category": "validation",
        "message": "no",
        "remedy": "ask",
    }
    write(
        people,
        run,
        SF,
        outcome(f"{run.run_id}-0", "retry", **locked),
        outcome(f"{run.run_id}-1", "rejected", **refused),
    )
    found = {row["code"]: row for row in query(database_url, "SELECT * FROM mart.errors_by_code")}
    assert {code: (row["count"], row["open"], row["category"]) for code, row in found.items()} == {
        "UNABLE_TO_LOCK_ROW": (1, 0, "intermittent"),
        "FIELD_CUSTOM_VALIDATION_EXCEPTION": (1, 1, "validation"),
    }
    row = found["FIELD_CUSTOM_VALIDATION_EXCEPTION"]
    assert (row["side"], row["last_message"], row["remedy"]) == ("salesforce", "no", "ask")
    assert row["first_seen_at"] <= row["last_seen_at"]


def test_change_log_tells_from_which_value_to_which(people: Ledger, database_url: str) -> None:
    link_id = linked(people)
    due = date(2026, 3, 9)
    given = [
        action(0, link_id, SF, "update", remote_id="00T1", rule="C1", mask=9, title="New", due_date=due,
               seen_title="Call Ann", seen_status="Not Started"),
        action(1, link_id, SC, "delete", remote_id="1", rule="K4", seen_title="Call Ann",
               seen_details="long"),
        action(2, link_id, SF, "update", remote_id="00T1", mask=1, title="Never", seen_title="New"),
    ]  # fmt: skip
    run = decide(people, 5, end(SC, "1", "planned", link_id), actions=given)
    write(people, run, SF, outcome(f"{run.run_id}-0", "done", written_at=at(6)))
    write(people, run, SC, outcome(f"{run.run_id}-1", "done", written_at=at(7)))
    found = query(
        database_url,
        "SELECT * FROM mart.change_log WHERE run_id = %s ORDER BY written_at, field",
        run.run_id,
    )
    assert [
        (row["side"], row["op"], row["field"], row["before"], row["after"], row["rule"]) for row in found
    ] == [
        ("salesforce", "update", "due_date", None, "2026-03-09", "C1"),
        ("salesforce", "update", "title", "Call Ann", "New", "C1"),
        ("sales_connect", "delete", "details", "long", None, "K4"),
        ("sales_connect", "delete", "title", "Call Ann", None, "K4"),
    ]
    assert {row["user_name"] for row in found} == {"Ada"}
    assert found[0]["written_at"] > NOW


# conflicts, errors and users


def contested(ledger: Ledger, url: str) -> dict[str, int]:
    """Four conflicts about one pair: open, settled by a rule, decided by a person, and gone; their numbers."""
    link_id = linked(ledger)
    run = open_run(ledger, at(5))
    given = {
        "open": ("title", None, None),
        "settled": ("details", "salesforce", None),
        "decided": ("status", None, "now()"),
        "gone": ("priority", None, "now()"),
    }
    for field, winner, decided_at in given.values():
        query(
            url,
            "INSERT INTO bridge.conflict (run_id, link_id, field, rule, winner, value_sc, value_sf, decided_at) "
            f"VALUES (%s, %s, %s, 'K3', %s, 'ours', 'theirs', {decided_at or 'NULL'})",
            run.run_id, link_id, field, winner,
        )  # fmt: skip
    rows = query(url, "SELECT conflict_id, field FROM bridge.conflict")
    numbers = {row["field"]: row["conflict_id"] for row in rows}
    query(
        url,
        "INSERT INTO bridge.decision (conflict_id, link_id, field, winner, decided_by, state) "
        "VALUES (%s, %s, 'status', 'sales_connect', 'Eva', 'carried_out')",
        numbers["status"], link_id,
    )  # fmt: skip
    return {state: numbers[field] for state, (field, _, _) in given.items()}


def test_conflicts_tell_who_overrode_whom(people: Ledger, database_url: str) -> None:
    numbers = contested(people, database_url)
    found = {row["conflict_id"]: row for row in query(database_url, "SELECT * FROM mart.conflicts")}
    assert {found[number]["state"]: number for number in numbers.values()} == numbers
    told = {state: (found[n]["winner"], found[n]["overridden"]) for state, n in numbers.items()}
    assert told == {
        "open": (None, None),
        "settled": ("salesforce", "ours"),
        "decided": ("sales_connect", "theirs"),
        "gone": (None, None),
    }
    assert found[numbers["decided"]]["decided_by"] == "Eva"
    assert {(row["title"], row["owner_name"]) for row in found.values()} == {("Call Ann", "Ada")}
    assert [row["conflict_id"] for row in query(database_url, "SELECT * FROM mart.conflicts_open")] == [
        numbers["open"]
    ]


def test_errors_are_told_with_the_task_from_their_first_day_to_their_last(
    people: Ledger, database_url: str
) -> None:
    link_id = linked(people)
    given = [action(0, link_id, SF, "update", remote_id="00T1", mask=1, title="New")]
    run = decide(people, 5, end(SC, "1", "planned", link_id), actions=given)
    told = {"code": "STRING_TOO_LONG", "category": "validation", "message": "no", "remedy": "ask"}
    write(people, run, SF, outcome(f"{run.run_id}-0", "rejected", **told))
    row = one(database_url, "SELECT * FROM mart.errors")
    assert {name: row[name] for name in told} == told
    assert (row["side"], row["remote_id"], row["title"], row["owner_name"]) == (SF, "00T1", "Call Ann", "Ada")
    assert row["resolved_at"] is None
    query(database_url, "UPDATE bridge.dead_letter SET resolved_at = now(), next_try_at = now()")
    row = one(database_url, "SELECT resolved_at, next_try_at FROM mart.errors")
    assert row["resolved_at"] is not None
    assert row["next_try_at"] is None


def test_an_error_of_a_record_in_no_pair_has_its_title_and_owner(people: Ledger, database_url: str) -> None:
    bad = task(
        SF, "00T9", title="Bad date", owner="005A", problem_code="IMPOSSIBLE_DATE", problem_message="31"
    )
    decide(people, 5, end(SF, "00T9", "dead_letter", rule="G4"), rows={"00T9": bad})
    row = one(database_url, "SELECT code, title, owner_name, link_id FROM mart.errors")
    assert row == {"code": "IMPOSSIBLE_DATE", "title": "Bad date", "owner_name": "Ada", "link_id": None}


def test_users_have_their_state_and_their_counts(people: Ledger, database_url: str) -> None:
    linked(people)
    found = {row["name"]: row for row in query(database_url, "SELECT * FROM mart.users")}
    assert (found["Ada"]["state"], found["Ada"]["pairs"], found["Ada"]["open_tasks"]) == ("synced", 1, 1)
    assert (found["Ben"]["state"], found["Ben"]["pairs"], found["Ben"]["parked"]) == ("off", 0, 0)
