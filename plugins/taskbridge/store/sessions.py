"""The logins of runs under way, sealed by whoever keeps them here. Given back with the lease, see `leases`."""

from __future__ import annotations

from taskbridge.core.model import Side
from taskbridge.store.part import LedgerPart


class Sessions(LedgerPart):
    def session(self, run_key: str, side: Side) -> str | None:
        """What was kept, sealed as it came."""
        with self._db.transaction() as tx:
            found: str | None = tx.run(
                "session/read_session", run_key=run_key, side=side.value
            ).scalar_one_or_none()
        return found

    def keep_session(self, run_key: str, side: Side, sealed: str) -> None:
        """Replaces one that was kept before."""
        with self._db.transaction() as tx:
            tx.run("session/save_session", run_key=run_key, side=side.value, sealed=sealed)
