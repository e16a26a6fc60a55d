"""What is special about the Salesforce client."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from taskbridge.core.frames import rows_of
from taskbridge.core.run import Window
from taskbridge.core.terms import Op
from taskbridge.errors import CallRefused, ContractBroken, ReadIncomplete
from taskbridge.sides.salesforce.ids import to_18
from tests.contract.scripted import scripted_salesforce
from tests.contract.worlds import SalesforceWorld, write

WINDOW = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
CREATED = {"status": "Not Started", "priority": "Normal", "owner": to_18("0055g0000000001")}


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("00D5g000004AbCd", "00D5g000004AbCdEAK"),
        ("0018M000003uKqq", "0018M000003uKqqQAE"),
        ("0" * 15, "0" * 15 + "AAA"),
    ],
)
def test_ids_get_their_checksum(short: str, full: str) -> None:
    assert to_18(short) == to_18(full) == full


@pytest.mark.parametrize(
    "wrong", ["", "00D5g000004AbC", "00D5g000004AbCdAAA", "00D5g000004AbCd!", "00D5g 00004AbCd"]
)
def test_what_is_no_id_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="not a Salesforce record id"):
        to_18(wrong)


def test_must_show_3_a_quiet_run_reads_twice(salesforce: SalesforceWorld) -> None:
    salesforce.service.control("DELETE", "/calls")
    info = salesforce.side.connect()
    assert salesforce.changes(info.server_now - timedelta(minutes=10), info.server_now) == []
    calls = salesforce.service.calls()
    assert (calls["reads"], calls["writes"], calls["logins"]) == (2, 0, 1)


def test_the_org_comes_from_the_token(salesforce: SalesforceWorld) -> None:
    org = salesforce.service.control("GET", "/snapshot")["Organization"][0]["Id"]
    assert salesforce.side.connect().identity == org
    side, _ = scripted_salesforce((200, {"totalSize": 0, "done": True, "records": []}))
    assert side.connect().identity == "00D5g000004AbCdEAK"


def test_deleted_restored_and_purged(salesforce: SalesforceWorld) -> None:
    task = salesforce.create("there and back")
    salesforce.delete(task)
    assert salesforce.read(task)[task]["presence"] == "deleted"
    salesforce.advance(2)
    salesforce.undelete(task)
    assert salesforce.read(task)[task]["presence"] == "live"


def test_a_lost_place_is_found_again(salesforce: SalesforceWorld) -> None:
    salesforce.small_pages()
    salesforce.service.switch(locator_seconds=1)
    created = {salesforce.create(f"task {number}") for number in range(8)}
    salesforce.advance(60)
    window = Window(salesforce.now() - timedelta(hours=1), salesforce.now() - timedelta(seconds=30))
    found: list[str] = []
    for number, page in enumerate(salesforce.side.read_changes(window)):
        found += list(page["remote_id"])
        if number == 0:
            salesforce.advance(5)
    assert sorted(found) == sorted(created)


def test_a_place_that_is_lost_again_and_again_is_no_short_result(salesforce: SalesforceWorld) -> None:
    salesforce.small_pages()
    salesforce.service.switch(locator_seconds=1)
    for number in range(30):
        salesforce.create(f"task {number}")
    salesforce.advance(60)
    window = Window(salesforce.now() - timedelta(hours=1), salesforce.now() - timedelta(seconds=30))

    def read() -> None:
        for _ in salesforce.side.read_changes(window):
            salesforce.advance(5)

    with pytest.raises(ReadIncomplete, match="lost the query's place"):
        read()


def test_many_ids_are_asked_for_in_urls_that_fit(salesforce: SalesforceWorld) -> None:
    live = salesforce.create("live")
    ids = [to_18(f"00T5g{number:010d}") for number in range(1000)]
    salesforce.service.control("DELETE", "/calls")
    found = salesforce.read(*ids, live)
    assert found.keys() == {*ids, live}
    assert found[live]["presence"] == "live"
    assert 2 <= salesforce.service.calls()["reads"] <= 5


def test_f8_the_type_is_never_filled_and_the_person_comes_along(salesforce: SalesforceWorld) -> None:
    salesforce.service.switch(type_field=True)
    contact = salesforce.service.control("POST", "/people/Contact", {"fields": {"LastName": "Nora"}})["id"]
    (made,) = salesforce.write(Op.CREATE, salesforce.new("call", "tb:x:1:1", person=contact))
    assert salesforce.read(made["remote_id"])[made["remote_id"]]["person"] == contact
    task = next(
        each
        for each in salesforce.service.control("GET", "/snapshot")["Task"]
        if each["Id"] == made["remote_id"]
    )
    assert task.get("Type") is None


def test_c3_an_inactive_owner_is_a_row_error_with_a_remedy(salesforce: SalesforceWorld) -> None:
    task = salesforce.create("to hand over")
    body = {"fields": {"IsActive": False}}
    salesforce.service.control("PATCH", f"/people/User/{salesforce.other}", body)
    (outcome,) = salesforce.write(Op.UPDATE, {"remote_id": task, "owner": salesforce.other})
    assert (outcome["outcome"], outcome["category"]) == ("rejected", "validation")
    assert "active user" in outcome["remedy"]


def test_c3_an_unknown_owner_is_not_taken_for_a_missing_record(salesforce: SalesforceWorld) -> None:
    task = salesforce.create("to hand over")
    (outcome,) = salesforce.write(Op.UPDATE, {"remote_id": task, "owner": to_18("0055g00000ZZZZZ")})
    assert (outcome["outcome"], outcome["code"]) == ("rejected", "INVALID_CROSS_REFERENCE_KEY")


def test_statuses_of_the_org_stay_as_they_are(salesforce: SalesforceWorld) -> None:
    task = salesforce.create("odd", status="Waiting on someone else", priority="Low")
    read = salesforce.read(task)[task]
    assert (read["status"], read["priority"]) == ("Waiting on someone else", "Low")


def test_the_marker_that_exists_is_named_in_18_characters() -> None:
    error = {
        "statusCode": "DUPLICATE_VALUE",
        "message": "duplicate value found: Taskbridge_Id__c duplicates value on record with id: "
        "0018M000003uKqq",
        "fields": [],
    }
    side, _ = scripted_salesforce((200, [{"success": False, "errors": [error]}]))
    (outcome,) = write(side, Op.CREATE, {"title": "t", "marker": "tb:x:1:1", **CREATED})
    assert (outcome["outcome"], outcome["remote_id"]) == ("exists", "0018M000003uKqqQAE")


def test_a_duplicate_in_another_field_is_a_rejection() -> None:
    error = {
        "statusCode": "DUPLICATE_VALUE",
        "message": "duplicate value found: Other__c duplicates value on ...",
        "fields": ["Other__c"],
    }
    side, _ = scripted_salesforce((200, [{"success": False, "errors": [error]}]))
    (outcome,) = write(side, Op.CREATE, {"title": "t", "marker": "tb:x:1:1", **CREATED})
    assert (outcome["outcome"], outcome["remote_id"]) == ("rejected", None)


@pytest.mark.parametrize(
    "answer",
    [
        [],
        [{"id": "00T5g0000000001AAA", "success": True, "errors": []}],
        [{"id": "00T5g0000000001AAA", "success": True, "errors": []}] * 3,
        [{"success": True, "errors": []}] * 2,
        ["fine", "fine"],
        {"records": []},
        b"<html>OK</html>",
    ],
)
def test_an_answer_that_does_not_fit_is_unknown_and_never_shifted(answer: Any) -> None:
    side, _ = scripted_salesforce((200, answer))
    rows = [{"title": "t", "marker": f"tb:x:{number}:1", **CREATED} for number in (1, 2)]
    outcomes = write(side, Op.CREATE, *rows)
    assert [outcome["outcome"] for outcome in outcomes] == ["unknown", "unknown"]
    assert {outcome["code"] for outcome in outcomes} == {"ANSWER_UNUSABLE"}


def test_results_that_name_other_records_are_unknown() -> None:
    first, second = to_18("00T5g0000000001"), to_18("00T5g0000000002")
    swapped = [{"id": each, "success": True, "errors": []} for each in (second, first)]
    side, _ = scripted_salesforce((200, swapped))
    outcomes = write(side, Op.UPDATE, *({"remote_id": each, "title": "t"} for each in (first, second)))
    assert [outcome["outcome"] for outcome in outcomes] == ["unknown", "unknown"]


def test_one_row_that_the_whole_call_stumbles_over_is_told_apart() -> None:
    refused = (400, [{"errorCode": "JSON_PARSER_ERROR", "message": "Cannot deserialize"}])

    def done(number: int) -> dict[str, Any]:
        return {"id": to_18(f"00T5g{number:010d}"), "success": True, "errors": []}

    side, _ = scripted_salesforce(refused, (200, [done(1), done(2)]), refused, (200, [done(3)]), refused)
    outcomes = write(
        side, Op.CREATE, *({"title": "t", "marker": f"tb:x:{number}:1", **CREATED} for number in range(4))
    )
    assert [outcome["outcome"] for outcome in outcomes] == ["done", "done", "done", "rejected"]
    assert outcomes[3]["code"] == "JSON_PARSER_ERROR"


def test_only_what_was_asked_for_is_sent() -> None:
    task = to_18("00T5g0000000001")
    side, script = scripted_salesforce((200, [{"id": task, "success": True, "errors": []}]))
    write(side, Op.UPDATE, {"remote_id": task, "due_date": None, "status": "Completed"})
    (body,) = script.bodies()
    record = {"attributes": {"type": "Task"}, "Id": task, "Status": "Completed", "ActivityDate": None}
    assert body == {"allOrNone": False, "records": [record]}
    assert next(iter(body["records"][0])) == "attributes"


def test_fewer_records_than_announced_is_no_result() -> None:
    side, _ = scripted_salesforce((200, {"totalSize": 2, "done": True, "records": []}))
    with pytest.raises(ReadIncomplete, match="announced 2 records and gave 0"):
        list(side.read_changes(WINDOW))


@pytest.mark.parametrize(
    "body", [[], {"records": []}, {"totalSize": 1, "done": False, "records": []}, b"<html>"]
)
def test_a_page_of_another_shape_is_no_result(body: Any) -> None:
    side, _ = scripted_salesforce((200, body))
    with pytest.raises(ContractBroken, match="expected"):
        list(side.read_changes(WINDOW))


def test_half_a_surrogate_pair_spoils_its_own_record_only() -> None:
    stamp = "2026-03-01T08:00:00.000+0000"
    good = {
        **dict.fromkeys(("SystemModstamp", "LastModifiedDate", "CreatedDate"), stamp),
        **dict.fromkeys(("IsDeleted", "IsClosed", "IsRecurrence", "IsArchived"), False),
        "Id": to_18("00T5g0000000001"),
        "Status": "Not Started",
        "Priority": "Normal",
        "OwnerId": to_18("0055g0000000001"),
        "Subject": "good",
    }
    bad = {**good, "Id": to_18("00T5g0000000002"), "Subject": "HALF"}
    page = orjson.dumps({"totalSize": 2, "done": True, "records": [good, bad]})
    side, _ = scripted_salesforce((200, page.replace(b"HALF", rb"\ud83d")))
    (frame,) = side.read_changes(WINDOW)
    assert list(frame["title"].fillna("")) == ["good", ""]
    assert list(frame["problem_code"].fillna("")) == ["", "UNSTORABLE_TEXT"]


def test_a_window_may_begin_and_end_within_a_second(salesforce: SalesforceWorld) -> None:
    task = salesforce.create("task")
    stamp = salesforce.read(task)[task]["version"]
    half = timedelta(milliseconds=500)
    assert [row["remote_id"] for row in salesforce.changes(stamp - half, stamp + half)] == [task]
    assert salesforce.changes(stamp + half, stamp + 3 * half) == []


def test_a_record_that_moved_on_is_no_place_to_go_on_from() -> None:
    place = {"Id": to_18("00T5g0000000001"), "SystemModstamp": "2026-03-01T08:00:00.000+0000"}
    moved = {"Id": to_18("00T5g0000000002"), "SystemModstamp": "2026-03-05T08:00:00.000+0000"}
    page = {"totalSize": 3, "done": False, "nextRecordsUrl": "/next", "records": [place, moved]}
    lost = [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}]
    end = {"totalSize": 1, "done": True, "records": [{**place, "Id": to_18("00T5g0000000003")}]}
    side, script = scripted_salesforce((200, page), (400, lost), (200, end))
    list(side.read_changes(WINDOW))
    query = parse_qs(urlsplit(str(script.requests[-1].url)).query)["q"][0]
    assert "SystemModstamp > 2026-03-01T08:00:00+00:00 OR" in query
    assert f"Id > '{place['Id']}'" in query


def test_12_what_a_lost_place_should_have_led_to_is_looked_for_from_the_beginning() -> None:
    stamp = "2026-03-01T08:00:00.000+0000"
    first, second, third = ({"Id": to_18(f"00T5g000000000{n}"), "SystemModstamp": stamp} for n in (1, 2, 3))
    lost = [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}]
    side, script = scripted_salesforce(
        (200, {"totalSize": 3, "done": False, "nextRecordsUrl": "/next", "records": [first, third]}),
        (400, lost),
        (200, {"totalSize": 0, "done": True, "records": []}),
        (200, {"totalSize": 3, "done": True, "records": [first, second, third]}),
    )
    found = [remote_id for page in side.read_changes(WINDOW) for remote_id in page["remote_id"]]
    assert {first["Id"], second["Id"], third["Id"]} == set(found)
    assert len(script.requests) == 4


@pytest.mark.parametrize(
    ("op", "row", "fields", "outcome"),
    [
        (Op.UPDATE, {"title": "t"}, [], "retry"),
        (Op.DELETE, {}, [], "retry"),
        (Op.UPDATE, {"title": "t", "owner": "x"}, [], "rejected"),
        (Op.UPDATE, {"title": "t"}, ["WhoId"], "rejected"),
        (Op.CREATE, {"title": "t", "marker": "tb:x:1:1"}, [], "rejected"),
    ],
)
def test_c5_what_was_not_found_may_be_the_record_or_what_it_refers_to(
    op: Op, row: dict[str, Any], fields: list[str], outcome: str
) -> None:
    error = {
        "statusCode": "INVALID_CROSS_REFERENCE_KEY",
        "message": "invalid cross reference id",
        "fields": fields,
    }
    side, _ = scripted_salesforce((200, [{"success": False, "errors": [error]}]))
    target = {} if op is Op.CREATE else {"remote_id": to_18("00T5g0000000001")}
    (answered,) = write(side, op, {**target, **row})
    assert answered["outcome"] == outcome


TOO_MUCH = {
    "kind": "status",
    "status": 400,
    "code": "OPERATION_TOO_LARGE",
    "message": "exceeded 100000 distinct ids",
    "endpoint": "GET *queryAll",
}


@pytest.mark.parametrize("times", [1, 2, 5])
def test_G9_a_window_that_holds_too_much_is_read_in_parts(salesforce: SalesforceWorld, times: int) -> None:
    """The user may see all of them, yet not by one query: no record of any part is left out."""
    tasks = []
    for number in range(6):
        tasks.append(salesforce.create(f"t{number}"))
        salesforce.advance(300)
    window = salesforce.lately()
    salesforce.service.fault(times=times, **TOO_MUCH)
    assert {row["remote_id"] for row in salesforce.changes(window.start, window.end)} == set(tasks)


def test_a_second_that_holds_too_much_says_what_helps(salesforce: SalesforceWorld) -> None:
    salesforce.create("t")
    salesforce.service.fault(times=None, **TOO_MUCH)
    with pytest.raises(CallRefused, match=r"OPERATION_TOO_LARGE.*View All Data"):
        list(salesforce.side.read_changes(salesforce.lately()))


def test_I1_owners_who_hold_too_much_are_asked_for_in_parts(salesforce: SalesforceWorld) -> None:
    tasks = {salesforce.create("a"), salesforce.create("b", owner=salesforce.other)}
    salesforce.advance(60)
    owners = [salesforce.owner, salesforce.other]
    salesforce.service.fault(times=1, **TOO_MUCH)
    pages = salesforce.side.read_owned(owners, None, salesforce.now(), open_only=False)
    assert {row["remote_id"] for page in pages for row in rows_of(page)} == tasks
    salesforce.service.fault(times=None, **TOO_MUCH)
    with pytest.raises(CallRefused, match="View All Data"):
        list(salesforce.side.read_owned(owners, None, salesforce.now(), open_only=False))
