"""What is special about the Sales Connect client."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from taskbridge.core.run import Window
from taskbridge.core.terms import Op
from taskbridge.errors import ApiLimitReached, ContractBroken, ReadIncomplete
from tests.contract.scripted import Script, listing, scripted_sales_connect
from tests.contract.worlds import SalesConnectWorld, sales_connect_side, write

WINDOW = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))


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


def test_g2_a_filter_that_is_ignored_does_not_pass_for_no_record() -> None:
    side, _ = scripted_sales_connect((200, listing({"id": 1, "idempotency_key": "somebody else's"})))
    with pytest.raises(ContractBroken, match="ignores the filter idempotency_key"):
        side.find_markers(["tb:x:1:1"])


def test_ids_that_nobody_asked_for_are_left_out() -> None:
    stranger = {"id": 99, "name": "stranger"}
    side, _ = scripted_sales_connect((200, listing(stranger)), (410, {"error": "gone"}))
    assert list(side.read_ids(["7"], {})["remote_id"]) == ["7"]


def test_fewer_records_than_announced_is_no_result() -> None:
    side, _ = scripted_sales_connect((200, listing(total=3)))
    with pytest.raises(ReadIncomplete, match="announced 3 records and gave 0"):
        list(side.read_changes(WINDOW))
    side, _ = scripted_sales_connect((200, listing(total=3)))
    with pytest.raises(ReadIncomplete, match="announced 3 users and gave 0"):
        side.connect()


@pytest.mark.parametrize("body", [[], {}, {"data": [], "metadata": {}}, b"<html>maintenance</html>"])
def test_a_page_of_another_shape_is_no_result(body: Any) -> None:
    side, _ = scripted_sales_connect((200, body))
    with pytest.raises(ContractBroken, match="sales_connect_default"):
        side.connect()


def test_results_of_a_batch_are_paired_by_their_index() -> None:
    outcomes, script = _created([_entry(1), _entry(0)])
    assert [outcome["remote_id"] for outcome in outcomes] == ["100", "101"]
    assert [entry["body"]["name"] for entry in script.bodies()[0]["operations"]] == ["t0", "t1"]


@pytest.mark.parametrize("indexes", [[], [0], [0, 0], [0, 2], [0, 1, 1]])
def test_a_batch_answer_that_does_not_fit_is_unknown_and_never_shifted(indexes: list[int]) -> None:
    outcomes, _ = _created([_entry(index) for index in indexes])
    assert {(each["outcome"], each["code"]) for each in outcomes} == {("unknown", "ANSWER_UNUSABLE")}


@pytest.mark.parametrize("results", [None, [1, 2], {}, "fine", [{"index": 0}, {"index": 1}]])
def test_a_batch_answer_of_another_shape_is_unknown(results: Any) -> None:
    outcomes, _ = _created(results)
    assert {(each["outcome"], each["code"]) for each in outcomes} == {("unknown", "ANSWER_UNUSABLE")}


def test_a_row_of_a_batch_that_failed_inside_is_unknown() -> None:
    outcomes, _ = _created([_entry(0), {"index": 1, "status": 503, "error": "server_error"}])
    assert [outcome["outcome"] for outcome in outcomes] == ["done", "unknown"]


def test_a_bad_stamp_does_not_lead_the_paging_astray() -> None:
    good, bad = {"id": 1, "updated_at": "2026-03-01T08:00:00.000001Z"}, {"id": 2, "updated_at": "zzz"}
    pages = (200, listing(good, bad, total=2, next_page=2)), (200, listing(good))
    side, script = scripted_sales_connect(*pages)
    list(side.read_changes(WINDOW))
    assert "updated_at%5Bgte%5D=2026-03-01T08%3A00%3A00.000001Z" in str(script.requests[-1].url)


def _created(results: Any) -> tuple[list[dict[str, Any]], Script]:
    """The outcomes of two creates in a batch that was answered so."""
    side, script = scripted_sales_connect((200, {"results": results}))
    side.features = frozenset({"batch"})
    values = {"status": "open", "priority": "normal", "owner": "7"}
    rows = [{"title": f"t{number}", "marker": f"tb:x:{number}:1", **values} for number in range(2)]
    return write(side, Op.CREATE, *rows), script


def _entry(index: int) -> dict[str, Any]:
    stamps = dict.fromkeys(("created_at", "updated_at"), "2026-03-02T08:00:00.000001Z")
    return {"index": index, "status": 201, "data": {"id": 100 + index, **stamps}}
