import time
from zoneinfo import ZoneInfo

from sandbox.kernel.clock import Clock
from sandbox.kernel.store import Store
from sandbox.kernel.switches import SwitchBoard
from sandbox.salesforce.ids import make_id
from sandbox.salesforce.records import Records
from sandbox.salesforce.soql.run import select
from sandbox.salesforce.switches import SalesforceSwitches

ROWS = 100_000


def test_2000_of_100000_rows_are_found_and_ordered_within_a_second() -> None:
    store = Store(":memory:")
    owner = make_id("005", 1)
    store.put_many(
        "Task",
        (
            (
                make_id("00T", number),
                {
                    "Id": make_id("00T", number),
                    "Subject": f"task {number}",
                    "IsDeleted": False,
                    "IsClosed": False,
                    "OwnerId": owner,
                    "SystemModstamp": f"2026-01-{number % 28 + 1:02d}T{number % 24:02d}:00:00.000+0000",
                },
            )
            for number in range(ROWS)
        ),
    )
    records = Records(store, Clock(), SwitchBoard(store, SalesforceSwitches))
    soql = (
        f"SELECT Id, Subject, OwnerId FROM Task WHERE OwnerId IN ('{owner}') "
        "AND SystemModstamp >= 2026-01-28T12:00:00Z ORDER BY SystemModstamp, Id"
    )
    started = time.perf_counter()
    found = select(records, soql, include_deleted=True, base="", zone=ZoneInfo("UTC"))
    assert time.perf_counter() - started < 1
    assert 1_500 < found.total < 2_500
