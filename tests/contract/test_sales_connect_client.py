"""What is special about the Sales Connect client."""

from __future__ import annotations

from datetime import timedelta

import pytest

from taskbridge.core.model import Op
from taskbridge.errors import ApiLimitReached, ReadIncomplete
from tests.contract.worlds import SalesConnectWorld, sales_connect_side


def test_must_show_3_a_quiet_run_reads_three_times(sales_connect: SalesConnectWorld) -> None:
    sales_connect.service.control("DELETE", "/calls")
    info = sales_connect.side.connect()
    start, end = info.server_now - timedelta(minutes=10), info.server_now
    assert sales_connect.changes(start, end) == sales_connect.deletes(start, end) == []
    calls = sales_connect.service.calls()
    assert (calls["reads"], calls["writes"], calls["logins"]) == (3, 0, 1)


def test_connect_tells_features_and_users_over_all_pages(sales_connect: SalesConnectWorld) -> None:
    user = {"active": True, "time_zone": "Asia/Tokyo", "salesforce_task_sync": True}
    stamp = "2026-01-01T00:00:00.000001Z"
    stamps = dict.fromkeys(("salesforce_task_sync_enabled_at", "created_at", "updated_at"), stamp)
    more = [
        {"id": 5000 + n, "email": f"{n}@example.com", "name": f"N {n}", **user, **stamps} for n in range(150)
    ]
    sales_connect.service.control("POST", "/load", {"users": more})
    info = sales_connect.side.connect()
    assert len(info.users) == 152
    assert info.features == sales_connect.side.features == {"deleted_tasks", "batch"}
    last = info.users.set_index("user_id").loc["5149"]
    assert last["sync_on"]
    assert last["time_zone"] == "Asia/Tokyo"
    assert last["sync_on_since"].isoformat() == "2026-01-01T00:00:00.000001+00:00"


def test_a_user_that_cannot_be_understood_takes_no_part(sales_connect: SalesConnectWorld) -> None:
    bad = {"id": 7000, "email": "x@example.com", "name": "X", "active": True, "time_zone": "UTC"}
    sync = {"salesforce_task_sync": True, "salesforce_task_sync_enabled_at": "yesterday"}
    stamps = dict.fromkeys(("created_at", "updated_at"), "2026-01-01T00:00:00.000001Z")
    sales_connect.service.control("POST", "/load", {"users": [{**bad, **sync, **stamps}]})
    users = sales_connect.side.connect().users.set_index("user_id")
    assert not users.loc["7000", "active"]
    assert users.loc[sales_connect.owner, "active"]


def test_f7_the_person_is_found_by_its_salesforce_id_in_one_call(sales_connect: SalesConnectWorld) -> None:
    known, unknown = "0035g00000AbCdeQAF", "0035g00000ZzZzzQAF"
    people = [{"id": 9001, "name": "Nora", "email": "nora@example.com", "salesforce_id": known[:15]}]
    sales_connect.service.control("POST", "/load", {"people": people})
    sales_connect.service.control("DELETE", "/calls")
    outcomes = sales_connect.write(
        Op.CREATE,
        sales_connect.new("known", "tb:x:1:1", person=known),
        sales_connect.new("unknown", "tb:x:2:1", person=unknown),
        sales_connect.new("nobody", "tb:x:3:1"),
    )
    assert [outcome["outcome"] for outcome in outcomes] == ["done"] * 3
    assert sales_connect.service.calls()["reads"] == 1
    read = sales_connect.read(*(outcome["remote_id"] for outcome in outcomes))
    assert [read[outcome["remote_id"]]["person"] for outcome in outcomes] == [known[:15], None, None]
    assert {row["type"] for row in read.values()} == {"custom"}


def test_t1_what_a_subject_is_made_of_is_read(sales_connect: SalesConnectWorld) -> None:
    campaign = {"name": "Spring", "day": 3, "step": 2}
    task = sales_connect.create("mail", type="email", campaign=campaign, call_outcome="Busy", call_reason=" ")
    read = sales_connect.read(task)[task]
    assert (read["type"], read["campaign_name"], read["campaign_day"]) == ("email", "Spring", "3")
    assert (read["campaign_step"], read["call_outcome"], read["call_reason"]) == ("2", "Busy", None)


def test_c5_tasks_that_went_with_their_user_say_so(sales_connect: SalesConnectWorld) -> None:
    task = sales_connect.create("of Ben", owner=sales_connect.other)
    sales_connect.service.control("DELETE", f"/people/users/{sales_connect.other}")
    window = sales_connect.lately()
    (told,) = sales_connect.deletes(window.start, window.end)
    assert (told["remote_id"], told["delete_cause"]) == (task, "user_deleted")


def test_a_control_is_asked_once_for_all_ids_that_name_it(sales_connect: SalesConnectWorld) -> None:
    witness = sales_connect.create("witness")
    gone = [sales_connect.create(f"gone {number}") for number in range(3)]
    for task in gone:
        sales_connect.delete(task)
    sales_connect.service.control("DELETE", "/calls")
    found = sales_connect.read(*gone, controls=dict.fromkeys(gone, witness))
    assert {row["presence"] for row in found.values()} == {"deleted"}
    assert sales_connect.service.calls()["reads"] == 1 + 3 + 1


def test_c5_a_record_that_shows_late_is_live_by_its_id(sales_connect: SalesConnectWorld) -> None:
    sales_connect.service.fault(kind="late", seconds=600, endpoint="* /__sandbox__/people/*")
    task = sales_connect.create("late")
    window = sales_connect.lately()
    assert sales_connect.changes(window.start, window.end) == []
    assert sales_connect.read(task)[task]["presence"] == "live"


def test_batches_that_are_gone_meanwhile_are_written_row_by_row(sales_connect: SalesConnectWorld) -> None:
    sales_connect.service.switch(batch=False)
    rows = [sales_connect.new(f"{number}", f"tb:x:{number}:1") for number in range(3)]
    assert [outcome["outcome"] for outcome in sales_connect.write(Op.CREATE, *rows)] == ["done"] * 3


def test_a_feed_that_is_gone_meanwhile_is_no_empty_feed(sales_connect: SalesConnectWorld) -> None:
    sales_connect.service.switch(deleted_tasks=False)
    with pytest.raises(ReadIncomplete, match="deleted_tasks"):
        list(sales_connect.side.read_deletes(sales_connect.lately()))


def test_without_batches_a_limit_in_the_middle_gives_the_rest_back(
    bare_sales_connect: SalesConnectWorld,
) -> None:
    world = bare_sales_connect
    endpoint = "POST /v2/tasks"
    limit = {"status": 429, "headers": {"Retry-After": "0"}}
    world.service.fault(kind="status", endpoint=endpoint, nth=3, times=None, **limit)
    rows = [world.new(f"{number}", f"tb:x:{number}:1") for number in range(4)]
    outcomes = world.write(Op.CREATE, *rows)
    assert [outcome["outcome"] for outcome in outcomes] == ["done", "done", "retry", "retry"]
    with pytest.raises(ApiLimitReached, match="sales_connect_default"):
        world.write(Op.CREATE, *rows[2:])
    assert len(world.side.find_markers([row["marker"] for row in rows])) == 2


def test_a_name_that_is_too_long_says_which_field(sales_connect: SalesConnectWorld) -> None:
    (outcome,) = sales_connect.write(Op.CREATE, sales_connect.new("x" * 256, "tb:x:1:1"))
    assert (outcome["outcome"], outcome["code"]) == ("rejected", "UNPROCESSABLE")
    assert outcome["message"].startswith("name: ")


def test_an_owner_that_is_no_user_id_is_refused_before_it_is_sent(sales_connect: SalesConnectWorld) -> None:
    (outcome,) = sales_connect.write(Op.CREATE, sales_connect.new("t", "tb:x:1:1", owner="ada"))
    assert (outcome["outcome"], outcome["code"]) == ("rejected", "UNPROCESSABLE")


def test_a_server_that_normalises_is_read_back_the_same(sales_connect: SalesConnectWorld) -> None:
    sales_connect.service.switch(normalise=True)
    (made,) = sales_connect.write(Op.CREATE, sales_connect.new("t", "tb:x:1:1", details="a\nb"))
    assert sales_connect.read(made["remote_id"])[made["remote_id"]]["details"] == "a\nb"


def test_records_that_leave_a_tie_while_it_is_paged_hide_no_others(sales_connect: SalesConnectWorld) -> None:
    sales_connect.side = sales_connect_side(sales_connect.service, page_size=2)
    tied = [sales_connect.create(f"tied {number}") for number in range(9)]
    sales_connect.advance(60)
    window = sales_connect.lately()
    found: list[str] = []
    for number, page in enumerate(sales_connect.side.read_changes(window)):
        found += list(page["remote_id"])
        if number in (1, 2):
            sales_connect.edit(tied[number - 1], title="moved away")
    assert set(found) == set(tied)
