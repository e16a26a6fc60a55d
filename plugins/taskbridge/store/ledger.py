"""The ledger of `engine.ports` in PostgreSQL, put together from its jobs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from taskbridge.store import schema
from taskbridge.store.approvals import Approvals
from taskbridge.store.audits import Audits
from taskbridge.store.conflicts import Conflicts
from taskbridge.store.contracts import Contracts
from taskbridge.store.database import Database
from taskbridge.store.explaining import Explaining
from taskbridge.store.identity import Identity
from taskbridge.store.jobs import Jobs
from taskbridge.store.leases import Leases
from taskbridge.store.outbox import Outbox
from taskbridge.store.plan import Plans
from taskbridge.store.recovery import Recovery
from taskbridge.store.retention import Retaining
from taskbridge.store.runs import Runs
from taskbridge.store.sessions import Sessions
from taskbridge.store.settling import Settling
from taskbridge.store.side_states import SideStates
from taskbridge.store.staging import Staging
from taskbridge.store.statistics import Statistics
from taskbridge.store.usage import Usages
from taskbridge.store.users import Users


class PostgresLedger(
    SideStates,
    Sessions,
    Contracts,
    Leases,
    Runs,
    Retaining,
    Identity,
    Users,
    Usages,
    Staging,
    Statistics,
    Plans,
    Conflicts,
    Approvals,
    Audits,
    Outbox,
    Jobs,
    Settling,
    Explaining,
    Recovery,
):
    """Implements `engine.ports.Ledger`. One object keeps its connections open; use it in one process.

    Every method raises DatabaseUnavailable when the database does not answer.
    """

    def __init__(self, url: str) -> None:
        self._db = Database(url)

    @contextmanager
    def transaction(self) -> Iterator[None]:
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
