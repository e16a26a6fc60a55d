"""Salesforce's log of deletes over the real client: minutes, ages, what it covers, and what it has forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from taskbridge.core.frames import rows_of
from taskbridge.core.run import Window
from taskbridge.errors import ApiLimitReached, ContractBroken, DeletesForgotten
from taskbridge.sides.salesforce.ids import to_18
from tests.contract.scripted import scripted_salesforce
from tests.contract.worlds import SalesforceWorld

DAY = 86_400
END = datetime(2026, 3, 10, 12, 0, 30, tzinfo=UTC)
WEEK = Window(END - timedelta(days=7), END)
TASK = to_18("00T5g0000000001")


def told(
    ids: dict[str, str], covered: str, earliest: str = "2026-01-01T00:00:00.000+0000"
) -> tuple[int, Any]:
    records = [{"id": task, "deletedDate": when} for task, when in ids.items()]
    return 200, {"deletedRecords": records, "latestDateCovered": covered, "earliestDateAvailable": earliest}


def days(salesforce: SalesforceWorld, count: float) -> Window:
    return Window(salesforce.now() - timedelta(days=count), salesforce.now() + timedelta(seconds=1))


def test_the_log_says_what_queries_say_as_long_as_the_bin_does(salesforce: SalesforceWorld) -> None:
    kept, gone = salesforce.create("kept"), salesforce.create("gone")
    salesforce.advance(DAY)
    salesforce.delete(gone)
    salesforce.advance(DAY)
    window = days(salesforce, 3)
    (row,) = salesforce.deletes(window.start, window.end)
    shown = {one["remote_id"]: one for one in salesforce.changes(window.start, window.end)}
    assert set(shown) == {kept, gone}
    assert (row["remote_id"], row["presence"]) == (gone, "deleted")
    assert row["version"] == shown[gone]["version"]
    assert salesforce.deletes(salesforce.now() - timedelta(hours=20), salesforce.now()) == []


@pytest.mark.parametrize("outlives", [True, False])
def test_what_was_emptied_is_told_or_said_to_be_forgotten(
    salesforce: SalesforceWorld, outlives: bool
) -> None:
    salesforce.service.switch(delete_log_outlives_bin=outlives)
    task = salesforce.create("gone")
    salesforce.delete(task)
    salesforce.service.control("POST", "/people/purge")
    salesforce.advance(2 * DAY)
    window = days(salesforce, 3)
    assert salesforce.read(task)[task]["presence"] == "absent", "no query shows it any more"
    if outlives:
        assert [row["remote_id"] for row in salesforce.deletes(window.start, window.end)] == [task]
    else:
        with pytest.raises(DeletesForgotten, match=r"INVALID_REPLICATION_DATE.*waits for a person"):
            salesforce.deletes(window.start, window.end)


def test_the_log_is_never_asked_about_more_than_it_keeps(salesforce: SalesforceWorld) -> None:
    window = days(salesforce, 40)
    assert salesforce.deletes(window.start, window.end) == [], "asked about the last 14 days"


def test_each_call_goes_on_where_the_last_one_is_complete_up_to() -> None:
    side, script = scripted_salesforce(
        told({TASK: "2026-03-04T10:00:00.000+0000"}, "2026-03-08T09:30:00.000+0000"),
        told({to_18("00T5g0000000002"): "2026-03-09T10:00:00.000+0000"}, "2026-03-10T12:00:00.000+0000"),
    )
    rows = [row for page in side.read_deletes(WEEK) for row in rows_of(page)]
    assert [row["version"].day for row in rows] == [4, 9]
    starts = [parse_qs(urlsplit(request.url or "").query)["start"] for request in script.requests]
    assert starts == [["2026-03-03T12:00:30+00:00"], ["2026-03-08T09:30:00+00:00"]]


@pytest.mark.parametrize(
    "covered",
    ["2026-03-03T12:00:00.000+0000", "2026-03-03T12:00:30.000+0000", "2026-03-03T12:00:59.000+0000"],
)
def test_12_a_log_that_does_not_get_on_has_not_told_all(covered: str) -> None:
    side, _ = scripted_salesforce(told({}, covered))
    pages = side.read_deletes(WEEK)
    assert len(next(pages)) == 0
    with pytest.raises(DeletesForgotten, match="complete up to 2026-03-03"):
        next(pages)


def test_what_is_not_committed_yet_will_be_in_a_query() -> None:
    side, _ = scripted_salesforce(
        told({}, "2026-03-10T02:00:00.000+0000"), told({}, "2026-03-10T02:00:00.000+0000")
    )
    assert [len(page) for page in side.read_deletes(WEEK)] == [0, 0]


def test_deletes_from_before_the_last_physical_one_may_be_forgotten() -> None:
    side, _ = scripted_salesforce(told({TASK: "2026-03-09T10:00:00.000+0000"}, "2026-03-10T12:00:00.000+0000",
                                       earliest="2026-03-05T00:00:00.000+0000"))  # fmt: skip
    pages = side.read_deletes(WEEK)
    assert len(next(pages)) == 1, "what it does tell is proof"
    with pytest.raises(DeletesForgotten, match="deletes are told since 2026-03-05"):
        next(pages)


@pytest.mark.parametrize("code", ["INVALID_REPLICATION_DATE", "EXCEEDED_ID_LIMIT", "SOMETHING_ELSE"])
def test_a_log_that_refuses_is_a_log_that_has_forgotten(code: str) -> None:
    side, _ = scripted_salesforce((400, [{"errorCode": code, "message": "no"}]))
    with pytest.raises(DeletesForgotten, match=code):
        list(side.read_deletes(WEEK))


def test_other_troubles_are_what_they_are() -> None:
    side, _ = scripted_salesforce((403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "Total"}]))
    with pytest.raises(ApiLimitReached):
        list(side.read_deletes(WEEK))
    side, _ = scripted_salesforce((200, {"ids": []}))
    with pytest.raises(ContractBroken, match="expected deletes with"):
        list(side.read_deletes(WEEK))
