"""Field merges turned into updates, and into a base that follows them (K1 to K5, F6, T3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import Flags, Masks, Positions, choose, constant, gather, take, where_in
from taskbridge.core.merge import WINNERS, FieldMerge, inputs_now, merge_field, merge_title
from taskbridge.core.pair_step import PairStep
from taskbridge.core.terms import BIT, MERGED_FIELDS, Disposition, Op, Side

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE

OUTDATED: Final = (
    "A side changed the field after a person had decided about it, so the decision does not fit the values of "
    "now and the field stays held: look at mart.conflicts_open and decide again."
)


@dataclass
class Updates(PairStep):
    """Plans what the merges of these pairs ask for."""

    def merge(self, rows: Positions) -> None:
        merges = [merge_title(self.matched, self.changes, self.template, rows)]
        merges += [
            merge_field(self.matched, self.changes, self.crossing, name, rows) for name in MERGED_FIELDS
        ]
        for side in (_SF, _SC):
            self._update(side, merges)
        self._agree(merges)
        for merge in merges:
            self._keep_contested(merge)
            self._leave_out(merge)
            self.draft.links.put(merge.rows[merge.held], Disposition.HELD, "K3")
        for merge in merges:
            self.draft.links.put(merge.rows[merge.turning], Disposition.HELD, "K6")

    def _update(self, side: Side, merges: Sequence[FieldMerge]) -> None:
        """One update a pair, with the fields that go to this side; the base follows when it is done."""
        mask = self._mask((merge, merge.write[side]) for merge in merges)
        rows = np.flatnonzero(mask)
        length = len(rows)
        if not length:
            return
        links = self.matched.links
        self.draft.links.end(rows, Disposition.PLANNED, "C1")
        values = {
            merge.name: self._aligned(merge, merge.values[side], merge.write[side], rows) for merge in merges
        }
        contested = np.zeros(len(mask), np.bool_)
        for merge in merges:
            contested[merge.rows[merge.contested & merge.write[side]]] = True
        seq = self.draft.add_actions(
            {
                "link_id": take(links["link_id"], rows),
                "side": constant(side, length),
                "op": constant(Op.UPDATE, length),
                "remote_id": take(links[f"{side.prefix}_id"], rows),
                "rule": pc.if_else(pa.array(contested[rows]), "C1,K3", "C1"),
                "contested": pa.array(contested[rows]),
                "sc_user_id": self.owner(rows),
                "first_import": constant(False, length, pa.bool_()),
                "mask": pa.array(mask[rows]),
                **values,
                **self.seen_values(side, rows),
            },
            rows,
        )
        source = side.other
        advance = {f"{side.prefix}_{name}": value for name, value in values.items()} | {
            f"{source.prefix}_{merge.name}": self._aligned(merge, merge.now[source], merge.write[side], rows)
            for merge in merges
        }
        self._advance(rows, {_SC: mask, _SF: mask}, advance, {"seq": seq})

    def _agree(self, merges: Sequence[FieldMerge]) -> None:
        """What changed and needs no write becomes the base: agreement, what cannot cross (K2, F6)."""
        idle = {merge.name: ~merge.written & ~merge.held for merge in merges}
        masks = {
            side: self._mask((merge, idle[merge.name] & merge.changed[side]) for merge in merges)
            for side in Side
        }
        rows = np.flatnonzero(masks[_SC] | masks[_SF])
        if not len(rows):
            return
        values = {
            f"{side.prefix}_{merge.name}": self._aligned(
                merge, merge.now[side], idle[merge.name] & merge.changed[side], rows
            )
            for side in Side
            for merge in merges
        }
        self._advance(rows, masks, values)

    def _advance(
        self,
        rows: Positions,
        masks: Mapping[Side, Masks],
        values: Mapping[str, pa.Array],
        condition: Mapping[str, pa.Array] | None = None,
    ) -> None:
        """Lets the base of these pairs follow, the template inputs together with the SC name (T3).

        `condition`: the seq of the actions that have to succeed before; without it, when the run settles.
        """
        renamed = (masks[_SC][rows] & BIT["title"]) != 0
        self.draft.add_changes(
            {
                "link_id": take(self.matched.links["link_id"], rows),
                "sc_mask": pa.array(masks[_SC][rows]),
                "sf_mask": pa.array(masks[_SF][rows]),
                "inputs": pa.array(renamed),
                **(self._inputs(rows) if renamed.any() else {}),
                **values,
                **(condition or {}),
            },
            len(rows),
        )

    def _mask(self, parts: Iterable[tuple[FieldMerge, Flags]]) -> Masks:
        mask = np.zeros(len(self.draft.links.codes), np.int32)
        for merge, chosen in parts:
            mask[merge.rows[chosen]] |= BIT[merge.name]
        return mask

    def _aligned(self, merge: FieldMerge, values: pa.Array, chosen: Flags, rows: Positions) -> pa.Array:
        """Values of one field for these pairs; null where the field is not concerned."""
        place = where_in(merge.rows, len(self.draft.links.codes))[rows]
        concerned = (place >= 0) & gather(chosen, place)
        return take(values, np.where(concerned, place, -1))

    def _inputs(self, rows: Positions) -> dict[str, pa.Array]:
        return {f"sc_{name}": values for name, values in inputs_now(self.matched, rows).items()}

    def _keep_contested(self, merge: FieldMerge) -> None:
        """Both values of a field that is contested or goes to and fro, in full (K5)."""
        kept = merge.contested | merge.turning
        rows, chosen = merge.rows[kept], pa.array(kept)
        values = {
            f"value_{side.prefix}": pc.cast(merge.now[side].filter(chosen), pa.string()) for side in Side
        } | {
            f"base_{side.prefix}": pc.cast(self.matched.base(side, merge.name, rows), pa.string())
            for side in Side
        }
        winners = pa.array([winner and winner.value for winner in WINNERS], pa.string())
        self.draft.add_conflicts(
            {
                "link_id": take(self.matched.links["link_id"], rows),
                "field": constant(merge.name, len(rows)),
                "rule": choose(
                    merge.turning[kept], constant("K6", len(rows)), constant(merge.rule, len(rows))
                ),
                "winner": winners.take(pa.array(merge.winner[kept].astype(np.int64))),
                **values,
            },
            len(rows),
        )

    def _leave_out(self, merge: FieldMerge) -> None:
        """Says of a decision that it came too late: it was made on values that are not there any more."""
        rows = merge.rows[merge.outdated]
        self.draft.add_left_out(
            {
                "link_id": take(self.matched.links["link_id"], rows),
                "field": constant(merge.name, len(rows)),
                "code": constant("DECISION_OUTDATED", len(rows)),
                "reason": constant(OUTDATED, len(rows)),
            },
            len(rows),
        )
