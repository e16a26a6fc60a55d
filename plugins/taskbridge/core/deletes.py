"""Deletes that cross, deleted tasks that come back, and what both leave behind (C1, C7, I4, K4, K5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import Flags, Positions, constant, flags, gather, take
from taskbridge.core.decision import RULES
from taskbridge.core.model import FIELDS, ActionState, Disposition, LinkState, Op, Side
from taskbridge.core.pair_step import PairStep

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE


@dataclass
class Deletes(PairStep):
    """Plans deletes, and the next generation of records that are wanted again."""

    def delete(self, side: Side, rows: Positions, lines: npt.NDArray[np.int8]) -> None:
        """Carries a proven delete over to `side`; one that is too old is planned and held (C1, K4, I4)."""
        length = len(rows)
        if not length:
            return
        links = self.matched.links
        rules = pa.array(RULES).take(pa.array(lines.astype(np.int64)))
        old = self._too_old(rows) if side is _SC else np.zeros(length, np.bool_)
        self.draft.links.end(rows[old], Disposition.HELD, "I4")
        self.draft.links.end(rows, Disposition.PLANNED, "C1")
        seq = self.draft.add_actions(
            {
                "link_id": take(links["link_id"], rows),
                "side": constant(side, length),
                "op": constant(Op.DELETE, length),
                "remote_id": take(links[f"{side.prefix}_id"], rows),
                "state": pc.if_else(pa.array(old), ActionState.HELD.value, pa.scalar(None, pa.string())),
                "rule": pc.if_else(pa.array(old), "I4", rules),
                "sc_user_id": self.owner(rows),
                "first_import": constant(False, length, pa.bool_()),
                "mask": constant(0, length, pa.int32()),
                **self.seen_values(side, rows),
            },
            rows,
        )
        self.draft.add_changes(
            {
                "link_id": take(links["link_id"], rows),
                "seq": seq,
                "state": constant(LinkState.TOMBSTONE, length),
            },
            length,
        )
        self._keep_records(rows[flags(pc.equal(rules, "K4"))], winner=side.other)

    def _too_old(self, rows: Positions) -> Flags:
        given = self.matched.given
        staged = self.matched[_SF]
        deleted_at = take(staged.rows["version"], staged.position[rows])
        oldest = pa.scalar(given.sf_now - given.policy.delete_max_age, pa.timestamp("us", tz="UTC"))
        return flags(pc.less(deleted_at, oldest))

    def _keep_records(self, rows: Positions, winner: Side) -> None:
        """An edit that met a delete, with all values of both records (K4, K5)."""
        if not len(rows):
            return
        values = {f"base_{side.prefix}": _as_json(self.matched.base, side, rows) for side in Side}
        values |= {f"value_{side.prefix}": _as_json(self.matched.now, side, rows) for side in Side}
        self.draft.add_conflicts(
            {
                "link_id": take(self.matched.links["link_id"], rows),
                "field": constant("record", len(rows)),
                "rule": constant("K4", len(rows)),
                "winner": constant(winner, len(rows)),
                **values,
            },
            len(rows),
        )

    def recreate(self, side: Side, rows: Positions) -> None:
        """The edit wins over the delete: the deleted record is created again (K4)."""
        if not len(rows):
            return
        self._keep_records(rows, winner=side.other)
        self._create_next(side, rows, "K4")

    def restore(self, rows: Positions) -> None:
        """A deleted Salesforce task that is live again was restored by a person (C7)."""
        rows = rows[self.matched.seen[_SF][rows]]
        staged = self.matched[_SF]
        read = take(staged.rows["version"], staged.position[rows])
        newer = flags(pc.fill_null(pc.greater(read, self.matched.newest_known(_SF, rows)), True))
        rows = rows[newer & gather(self.matched.reminders, staged.position[rows])]
        users = self.matched.user_of(_SF, self.matched.now(_SF, "owner", rows))
        taking_part = gather(self.matched.synced, users)
        asked = gather(self.matched.selected, users)
        self.draft.links.end(rows[taking_part & ~asked], Disposition.DEFERRED, "selection")
        self._create_next(_SC, rows[taking_part & asked], "C7")

    def _create_next(self, side: Side, rows: Positions, rule: str) -> None:
        """Plans the next generation of these pairs' records on `side`."""
        self.draft.links.end(rows, Disposition.PLANNED, rule)
        self.create(side, rows, self.generation(rows) + np.int32(1), rule)


def _as_json(values: Callable[[Side, str, Positions], pa.Array], side: Side, rows: Positions) -> pa.Array:
    """All fields of these pairs' records on a side, one JSON object each."""
    columns = {name: pc.cast(values(side, name, rows), pa.string()) for name in FIELDS}
    lines = pa.table(columns).to_pandas().to_json(orient="records", lines=True, force_ascii=False)
    # Only "\n" ends an object: texts may hold U+2028 and U+0085 as they are.
    return pa.array(lines.removesuffix("\n").split("\n"), pa.string())
