"""The ledger in PostgreSQL: one database, and a repository for each thing that it keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from taskbridge.store import schema
from taskbridge.store.approvals import Approvals
from taskbridge.store.checks import Checks
from taskbridge.store.database import Database
from taskbridge.store.erasure import Erasure
from taskbridge.store.housekeeping import Housekeeping
from taskbridge.store.lane import LaneStates
from taskbridge.store.links import Links
from taskbridge.store.notices import Notices
from taskbridge.store.outbox import Outbox
from taskbridge.store.parked import ParkedRows
from taskbridge.store.people import People
from taskbridge.store.planned_parts import PlannedParts
from taskbridge.store.plans import Plans
from taskbridge.store.runs import Runs
from taskbridge.store.sides import KnownSides
from taskbridge.store.staging import Staging
from taskbridge.store.usage import Usages


class Ledger:
    """Keeps its connections open; use it in one process.

    Every method of a repository raises DatabaseUnavailable when the database does not answer. Each that writes for a
    run checks the run's fencing number in the same transaction, and raises LeaseLost when another has taken the lease.
    """

    def __init__(self, url: str, connect: Callable[[str], Database] = Database) -> None:
        self._db = database = connect(url)
        self.runs = Runs(database)
        self.sides = KnownSides(database)
        self.people = People(database)
        self.staging = Staging(database)
        self.plans = Plans(database)
        self.planned_parts = PlannedParts(database)
        self.checks = Checks(database)
        self.outbox = Outbox(database)
        self.links = Links(database)
        self.approvals = Approvals(database)
        self.parked = ParkedRows(database)
        self.usage = Usages(database)
        self.housekeeping = Housekeeping(database)
        self.erasure = Erasure(database)
        self.notices = Notices(database)
        self.lane = LaneStates(database)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Makes all that is asked of the ledger within one transaction. No call to a side belongs into it: what is
        learned there must be kept whatever comes after. Frames show what was committed before it."""
        with self._db.transaction():
            yield

    def check_schema(self) -> str:
        """Where the database is, and its schema. Raises SchemaBehind, also when the database is ahead of this code."""
        schema.check(self._db)
        return f"{self._db.place}, schema {schema.expected()}"

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
