"""An error of the database is one sentence, and holds no value of a task."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import pyarrow as pa
import pytest

from taskbridge.errors import DatabaseFull, DatabaseRefused, TaskBridgeError
from taskbridge.store import Ledger
from taskbridge.store.database import Transaction

SECRET = "Call Nora about her divorce"
FULL = f"DO $$ BEGIN RAISE EXCEPTION 'could not extend file for {SECRET}' USING ERRCODE = '53100'; END $$"
TWICE = f"INSERT INTO seen VALUES ('{SECRET}'), ('{SECRET}')"


def through_sqlalchemy(tx: Transaction) -> None:
    tx.connection.exec_driver_sql("SELECT %s::integer", (SECRET,))


def through_a_constraint(tx: Transaction) -> None:
    tx.connection.exec_driver_sql("INSERT INTO seen VALUES (%(a)s), (%(a)s)", {"a": SECRET})


def through_copy(tx: Transaction) -> None:
    tx.copy(["seen"], pa.table({"title": [SECRET, SECRET]}))


def through_a_script(tx: Transaction) -> None:
    tx.script(TWICE)


@pytest.mark.parametrize(
    ("write", "named"),
    [
        (through_sqlalchemy, "InvalidTextRepresentation 22P02"),
        (through_a_constraint, "UniqueViolation 23505, constraint seen_pkey, table seen"),
        (through_copy, "UniqueViolation 23505, constraint seen_pkey, table seen"),
        (through_a_script, "UniqueViolation 23505, constraint seen_pkey, table seen"),
    ],
)
def test_a_statement_that_is_refused_tells_no_value(
    ledger: Ledger, write: Callable[[Transaction], None], named: str
) -> None:
    def refused() -> None:
        with ledger._db.transaction() as tx:
            tx.script("CREATE TEMPORARY TABLE seen (title text PRIMARY KEY) ON COMMIT DROP")
            write(tx)

    with pytest.raises(DatabaseRefused, match=named) as failure:
        refused()
    assert_hides(failure.value)


def test_neither_does_a_query_of_a_frame(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "taskbridge.store.statements.numbered", lambda _: ("SELECT $1::text::integer AS number", ["value"])
    )
    with pytest.raises(DatabaseRefused, match="22P02") as failure:
        ledger._db.frame("any", pa.schema([("number", pa.int32())]), value=SECRET)
    assert_hides(failure.value)


def test_a_full_disk_is_a_sentence(ledger: Ledger) -> None:
    told = r"no space left on its disk.*free some"
    with pytest.raises(DatabaseFull, match=told) as failure, ledger._db.transaction() as tx:
        tx.script(FULL)
    assert_hides(failure.value)
    with pytest.raises(DatabaseFull, match="no space left") as failure, ledger._db.transaction() as tx:
        tx.connection.exec_driver_sql(FULL)
    assert_hides(failure.value)


def assert_hides(error: TaskBridgeError) -> None:
    assert SECRET not in "".join(traceback.format_exception(error))
