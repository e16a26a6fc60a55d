"""What people say of parked rows (G4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from taskbridge.store.database import Database


@dataclass
class ParkedRows:
    _db: Database

    def answer(
        self,
        answer: str,
        *,
        rows: Sequence[int],
        side: str | None,
        code: str | None,
        reason: str | None,
        answered_by: str,
    ) -> Sequence[int]:
        """Keeps that a person wants parked rows to be retried or ignored, named by number or by system and code.

        Answers the numbers of the rows; of those that are not parked any more nothing is kept.
        """
        with self._db.transaction() as tx:
            found = list(tx.run("parked/find_open", rows=list(rows), side=side, code=code).scalars())
            if found:
                tx.run(
                    "parked/save_answers", rows=found, answer=answer, reason=reason, answered_by=answered_by
                )
                tx.run("parked/mark_answered", rows=found, answer=answer)
                tx.run("parked/look_again", rows=found, answer=answer)
            return found
