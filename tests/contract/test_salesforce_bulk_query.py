"""Reading by Bulk query: the same frames as page by page, whatever the texts are, and page by page when it fails."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from taskbridge.core.frames import rows_of
from taskbridge.core.run import Window
from taskbridge.core.terms import Op
from taskbridge.errors import ReadIncomplete
from taskbridge.sides.salesforce.side import SalesforceSide
from tests.contract.bulk_jobs import asked, ended, port, run, started
from tests.contract.worlds import SalesforceWorld, salesforce_side

EMOJI = "\U0001f600"
TRICKY = '=HYPERLINK("http://x") "quoted", comma; ' + EMOJI + " #N/A \\ 漢字\n\nlast line of "
LONG = TRICKY + "x" * (32_000 - len(TRICKY.encode("utf-16-le")) // 2)


def reader(world: SalesforceWorld, **options: Any) -> SalesforceSide:
    side = salesforce_side(world.service, **{"query_threshold": 1} | options)
    object.__setattr__(side._queries.jobs, "sleep", world.advance)
    return side


def read(side: SalesforceSide, window: Window) -> list[dict[str, Any]]:
    """By id; the payload is the record as it came, in JSON made of either."""
    rows = [row for page in side.read_changes(window) for row in rows_of(page.drop(columns="payload"))]
    return sorted(rows, key=lambda row: str(row["remote_id"]))


def wide(world: SalesforceWorld) -> Window:
    world.advance(60)
    return Window(world.now() - timedelta(hours=1), world.now())


def populated(world: SalesforceWorld) -> list[str]:
    tasks = [
        world.create("plain"),
        world.create(
            "full", details="a\r\nb", due_date=date(2026, 2, 28), status="Completed", priority="High"
        ),
        world.create("long", details=LONG),
        world.create('"quoted", and more', details="#N/A"),
        world.create("gone"),
        world.create("= " + EMOJI * 100),
    ]
    world.delete(tasks[4])
    return tasks


def test_a_bulk_query_gives_the_same_frames(salesforce: SalesforceWorld) -> None:
    tasks = populated(salesforce)
    window = wide(salesforce)
    by_job = read(reader(salesforce), window)
    called = salesforce.service.calls()["by_endpoint"]
    assert any("jobs/query" in name for name in called)
    assert by_job == read(reader(salesforce, query_threshold="never"), window)
    shown = {row["remote_id"]: row for row in by_job}
    assert shown.keys() == set(tasks)
    assert (shown[tasks[1]]["details"], shown[tasks[1]]["due_date"]) == ("a\nb", date(2026, 2, 28))
    assert (shown[tasks[2]]["details"], shown[tasks[3]]["details"]) == (LONG, "#N/A")
    assert shown[tasks[4]]["presence"] == "deleted"
    assert not any(row["problem_code"] for row in by_job)


def test_its_pages_are_streamed_and_the_job_is_taken_away(salesforce: SalesforceWorld) -> None:
    for number in range(7):
        salesforce.create(f"task {number}")
    side = reader(salesforce)
    object.__setattr__(side._queries.jobs, "page_rows", 3)
    pages = [len(page) for page in side.read_changes(wide(salesforce))]
    assert pages == [3, 3, 1]
    left = side._channel.read(f"{side._data}/jobs/query").body()["records"]
    assert left == []


def test_first_syncs_are_streamed_as_well(salesforce: SalesforceWorld) -> None:
    made = {salesforce.create(f"task {number}") for number in range(3)}
    until = salesforce.now() + timedelta(seconds=5)
    pages = list(reader(salesforce).read_owned([salesforce.owner], None, until, open_only=False))
    assert set(pd.concat(pages)["remote_id"]) == made


def test_the_first_page_tells_whether_it_is_worth_a_job(salesforce: SalesforceWorld) -> None:
    for number in range(3):
        salesforce.create(f"task {number}")
    window = wide(salesforce)
    for threshold, used in ((4, False), (3, True), (None, False), ("never", False)):
        salesforce.service.control("DELETE", "/calls")
        assert len(read(reader(salesforce, query_threshold=threshold), window)) == 3
        assert any("jobs/query" in name for name in salesforce.service.calls()["by_endpoint"]) is used


@pytest.mark.parametrize(
    "trouble", [{"bulk_daily_query_jobs": 0}, {"bulk_looks": 1_000}], ids=["not allowed", "too slow"]
)
def test_without_a_job_it_is_read_page_by_page(salesforce: SalesforceWorld, trouble: dict[str, Any]) -> None:
    populated(salesforce)
    window = wide(salesforce)
    wanted = read(reader(salesforce, query_threshold="never"), window)
    salesforce.service.switch(**trouble)
    salesforce.small_pages()
    side = reader(salesforce, query_patience=1)
    assert read(side, window) == wanted
    assert side._channel.read(f"{side._data}/jobs/query").body()["records"] == []


def test_fewer_records_than_found_are_no_result(
    salesforce: SalesforceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    salesforce.create("one")
    side = reader(salesforce)
    monkeypatch.setattr("taskbridge.sides.salesforce.bulk_query.as_records", lambda rows: [])
    with pytest.raises(ReadIncomplete, match="announced 1 records and gave 0"):
        list(side.read_changes(wide(salesforce)))


@pytest.mark.parametrize("details", [LONG, "#N/A", 'a\r\nb,"c"', "=1+1", "\\.\n\\N", f'"{EMOJI}"'])
@pytest.mark.parametrize("way", ["collections", "bulk"])
def test_invariant_17_any_text_is_identical_after_a_round_trip(
    salesforce: SalesforceWorld, way: str, details: str
) -> None:
    """32,000 characters, line ends, quotes, commas, emoji, `#N/A`, a leading `=`."""
    row = salesforce.new("text", "tb:x:1:1", details=details)
    if way == "bulk":
        rows = asked(Op.CREATE, [row])
        parts = port(salesforce).sort_out(Op.CREATE, rows)
        rest = rows if not parts else rows[:0]
        for part in parts:
            job = started(salesforce, Op.CREATE, part)
            assert list(
                port(salesforce).outcomes(job, Op.CREATE, part, ended(salesforce, job))["outcome"]
            ) == ["done"]
        assert rest.empty or details in ("#N/A", 'a\r\nb,"c"'), "what a CSV cannot hold goes by collections"
        if not rest.empty:
            salesforce.side.write(Op.CREATE, rest)
    else:
        salesforce.write(Op.CREATE, row)
    (there,) = salesforce.service.control("GET", "/snapshot")["Task"]
    assert there["Description"] == details
    window = wide(salesforce)
    canonical = details.replace("\r\n", "\n")
    for threshold in (1, "never"):
        (told,) = read(reader(salesforce, query_threshold=threshold), window)
        assert told["details"] == canonical


def test_F6_a_text_with_crlf_is_untouched_by_a_job_that_writes_another_field(
    salesforce: SalesforceWorld,
) -> None:
    task = salesforce.create("one", details="a\r\nb")
    run(salesforce, Op.UPDATE, {"remote_id": task, "priority": "High"})
    (there,) = salesforce.service.control("GET", "/snapshot")["Task"]
    assert (there["Description"], there["Priority"]) == ("a\r\nb", "High")
