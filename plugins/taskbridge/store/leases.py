"""The lease: one run at a time, with a number that grows with every new holder (fencing)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from taskbridge.engine.ports import Run
from taskbridge.store.database import lease_lost
from taskbridge.store.part import LedgerPart

PATIENCE: Final = timedelta(minutes=1)
"""Who waits looks every ten seconds. One that has not looked for so long keeps nobody behind it."""


class Leases(LedgerPart):
    def take_lease(self, run_key: str, ttl: timedelta, *, waits: bool = False) -> int | None:
        with self._db.transaction() as tx:
            taken = tx.run(
                "lease/take_lease", run_key=run_key, ttl=ttl, waits=waits, patience=PATIENCE
            ).scalar_one_or_none()
        return None if taken is None else int(taken)

    def renew_lease(self, run: Run, ttl: timedelta) -> None:
        with self._db.transaction() as tx:
            renewed = tx.run("lease/renew_lease", run_key=run.spec.run_key, fencing=run.fencing, ttl=ttl)
            if renewed.rowcount == 0:
                raise lease_lost(run, tx.run("lease/lock_lease").scalar_one())

    def release_lease(self, run_key: str) -> None:
        """The run's logins are forgotten with it."""
        with self._db.transaction() as tx:
            tx.run("lease/release_lease", run_key=run_key)

    def lease_holder(self) -> str | None:
        with self._db.transaction() as tx:
            holder: str | None = tx.run("lease/read_holder").scalar_one_or_none()
        return holder
