"""What happens to pairs with a staged row: nothing, a merge, a delete, a release, a hold (C1 to C7, K4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import (
    Flags,
    Masks,
    Positions,
    constant,
    equals,
    flags,
    gather,
    is_in,
    take,
    where_in,
)
from taskbridge.core.creation import create
from taskbridge.core.decision import DECISIONS, RULES, Decision, Seen, decide
from taskbridge.core.diff import INPUTS, changed
from taskbridge.core.draft import Draft
from taskbridge.core.fields import Crossing
from taskbridge.core.match import Matched
from taskbridge.core.merge import WINNERS, Changes, FieldMerge, inputs_now, merge_field, merge_title
from taskbridge.core.model import (
    ALL_FIELDS,
    BIT,
    FIELDS,
    MERGED_FIELDS,
    TEMPLATE_INPUTS,
    ActionState,
    Disposition,
    LinkState,
    Op,
    Side,
)
from taskbridge.core.template import SubjectTemplate

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE
_ASTRAY = (LinkState.RELEASED, LinkState.MISSING, LinkState.HELD)


@dataclass
class PairPlanner:
    """Plans the pairs; each step ends the pairs it is about, so their order is their precedence."""

    matched: Matched
    draft: Draft
    crossing: Crossing
    template: SubjectTemplate

    def plan(self) -> None:
        links = self.matched.links
        live = ~equals(links["state"], LinkState.TOMBSTONE)
        lonely = ~flags(pc.is_valid(links["sc_id"])) | ~flags(pc.is_valid(links["sf_id"]))
        self._restores(np.flatnonzero(~live))
        self._halves(np.flatnonzero(live & lonely))
        rows = np.flatnonzero(self._needs_attention & live & ~lonely)
        rows = self._hindered(rows)
        rows = self._in_scope(rows)
        rows = self._complete(rows)
        self._decide(rows)
        everything = np.flatnonzero(self.draft.links.open & self._staged)
        self.draft.links.put(everything, Disposition.UNCHANGED, "G1")

    @cached_property
    def changes(self) -> Changes:
        return Changes({_SC: changed(self.matched, _SC, TEMPLATE_INPUTS), _SF: changed(self.matched, _SF)})

    @cached_property
    def _staged(self) -> Flags:
        return (self.matched[_SC].position >= 0) | (self.matched[_SF].position >= 0)

    @cached_property
    def _needs_attention(self) -> Flags:
        links = self.matched.links
        attention: Flags = (self.changes.mask[_SC] | self.changes.mask[_SF]) != 0
        attention |= flags(links["dirty"]) | ~equals(links["state"], LinkState.LINKED)
        for side in Side:
            staged = self.matched[side]
            attention |= gather(~staged.live, staged.position)
        return attention & self._staged

    def _hindered(self, rows: Positions) -> Positions:
        """Ends pairs with a record that cannot be understood, and parked ones that have not moved (G4)."""
        ends = self.draft.links
        broken = np.zeros(len(ends.codes), np.bool_)
        for side in Side:
            staged = self.matched[side]
            broken |= gather(staged.broken, staged.position)
        ends.end(rows[broken[rows]], Disposition.HELD, "G4")
        parked = flags(self.matched.links["parked"])
        ends.end(rows[parked[rows] & ~self._moved(rows)], Disposition.HELD, "G4")
        return rows[ends.open[rows]]

    def _moved(self, rows: Positions) -> Flags:
        moved = np.zeros(len(rows), np.bool_)
        for side in Side:
            staged = self.matched[side]
            read = take(staged.rows["version"], staged.position[rows])
            known = take(self.matched.links[f"{side.prefix}_version"], rows)
            moved |= flags(pc.is_valid(read)) & flags(pc.fill_null(pc.greater(read, known), True))
        return moved

    def _in_scope(self, rows: Positions) -> Positions:
        """Ends pairs of users who were not asked for, releases those that take no part now (C2, C3)."""
        ends = self.draft.links
        users = {side: self.matched.user_of(side, self.matched.now(side, "owner", rows)) for side in Side}
        selected = flags(self.matched.users["selected"])
        unasked = ~(gather(selected, users[_SC]) | (users[_SC] < 0))
        ends.end(rows[unasked], Disposition.DEFERRED, "selection")
        outside = ~(gather(self.matched.synced, users[_SC]) & gather(self.matched.synced, users[_SF]))
        self._release(rows[outside], "C3")
        activity = gather(~self.matched.reminders, self.matched[_SF].position[rows])
        self._release(rows[activity & self.matched.seen[_SF][rows]], "C2")
        gone = self.matched[_SC]
        with_user = gather(equals(gone.rows["delete_cause"], "user_deleted"), gone.position[rows])
        self._release(rows[with_user & self.matched.deleted[_SC][rows]], "C5")
        return rows[ends.open[rows]]

    def _release(self, rows: Positions, rule: str) -> None:
        rows = self.draft.links.end(rows, Disposition.RELEASED, rule)
        known = equals(self.matched.links["state"], LinkState.RELEASED)
        self._change_state(rows[~known[rows]], LinkState.RELEASED)

    def _change_state(self, rows: Positions, state: LinkState) -> None:
        if len(rows):
            values = {
                "link_id": take(self.matched.links["link_id"], rows),
                "state": constant(state, len(rows)),
            }
            self.draft.add_changes(values, len(rows))

    def _complete(self, rows: Positions) -> Positions:
        """Ends dirty pairs of which a record was not read: their silence means nothing (G9)."""
        matched, links = self.matched, self.matched.links
        unsettled = flags(links["dirty"])[rows] | is_in(take(links["state"], rows), _ASTRAY)
        known = np.ones(len(rows), np.bool_)
        for side in Side:
            known &= (matched.seen[side] | matched.deleted[side] | matched.absent[side])[rows]
        self.draft.links.end(rows[unsettled & ~known], Disposition.DEFERRED, "G9")
        return rows[self.draft.links.open[rows]]

    def _decide(self, rows: Positions) -> None:
        cases = {side: self._case(side, rows) for side in Side}
        decisions, lines = decide(cases[_SC], cases[_SF], self.matched.given.policy.delete_policy)
        only_inputs = (decisions == DECISIONS.index(Decision.NOTHING)) & (
            (self.changes.mask[_SC][rows] & INPUTS) != 0
        )
        decisions[only_inputs] = DECISIONS.index(Decision.MERGE)

        def group(decision: Decision) -> tuple[Positions, npt.NDArray[np.int8]]:
            chosen = decisions == DECISIONS.index(decision)
            return rows[chosen], lines[chosen]

        self._back_in_step(group(Decision.NOTHING)[0], group(Decision.MERGE)[0])
        self._merge(group(Decision.MERGE)[0])
        self._delete(_SF, *group(Decision.DELETE_IN_SALESFORCE))
        self._delete(_SC, *group(Decision.DELETE_IN_SALES_CONNECT))
        self._recreate(_SF, group(Decision.RECREATE_IN_SALESFORCE)[0])
        self._recreate(_SC, group(Decision.RECREATE_IN_SALES_CONNECT)[0])
        ended = group(Decision.END)[0]
        self.draft.links.end(ended, Disposition.UNCHANGED, "C1")
        self._change_state(ended, LinkState.TOMBSTONE)
        held = group(Decision.HOLD)[0]
        self.draft.links.end(held, Disposition.HELD, "C5")
        self._change_state(held, LinkState.MISSING)

    def _case(self, side: Side, rows: Positions) -> npt.NDArray[np.int8]:
        case = np.where((self.changes.mask[side][rows] & ALL_FIELDS) != 0, Seen.EDITED, Seen.SAME)
        case[self.matched.deleted[side][rows]] = Seen.DELETED
        case[self.matched.absent[side][rows]] = Seen.MISSING
        return case.astype(np.int8)

    def _back_in_step(self, *groups: Positions) -> None:
        """A released, missing or held pair of which both records were read takes part again."""
        rows = np.concatenate(groups)
        astray = is_in(take(self.matched.links["state"], rows), _ASTRAY)
        self._change_state(rows[astray], LinkState.LINKED)

    def _merge(self, rows: Positions) -> None:
        merges = [merge_title(self.matched, self.changes, self.template, rows)]
        merges += [
            merge_field(self.matched, self.changes, self.crossing, name, rows) for name in MERGED_FIELDS
        ]
        for side in (_SF, _SC):
            self._update(side, merges)
        self._agree(merges)
        for merge in merges:
            self._keep_contested(merge)
            self.draft.links.put(merge.rows[merge.held], Disposition.HELD, "K3")

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
                "sc_user_id": self._owner(rows),
                "first_import": constant(False, length, pa.bool_()),
                "mask": pa.array(mask[rows]),
                **values,
                **self._seen_values(side, rows),
            },
            rows,
        )
        source = side.other
        advance = {f"{side.prefix}_{name}": value for name, value in values.items()} | {
            f"{source.prefix}_{merge.name}": self._aligned(merge, merge.now[source], merge.write[side], rows)
            for merge in merges
        }
        renamed = (mask[rows] & BIT["title"]) != 0
        self.draft.add_changes(
            {
                "link_id": take(links["link_id"], rows),
                "seq": seq,
                "sc_mask": pa.array(mask[rows]),
                "sf_mask": pa.array(mask[rows]),
                "inputs": pa.array(renamed),
                **(self._inputs(rows) if renamed.any() else {}),
                **advance,
            },
            length,
        )

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
        renamed = (masks[_SC][rows] & BIT["title"]) != 0
        self.draft.add_changes(
            {
                "link_id": take(self.matched.links["link_id"], rows),
                "sc_mask": pa.array(masks[_SC][rows]),
                "sf_mask": pa.array(masks[_SF][rows]),
                "inputs": pa.array(renamed),
                **(self._inputs(rows) if renamed.any() else {}),
                **values,
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

    def _seen_values(self, side: Side, rows: Positions) -> dict[str, pa.Array]:
        return {f"seen_{name}": self.matched.now(side, name, rows) for name in FIELDS}

    def _owner(self, rows: Positions) -> pa.Array:
        return self.matched.now(_SC, "owner", rows)

    def _keep_contested(self, merge: FieldMerge) -> None:
        """Both values of a contested field, in full (K5)."""
        rows = merge.rows[merge.contested]
        chosen = pa.array(merge.contested)
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
                "rule": constant(merge.rule, len(rows)),
                "winner": winners.take(pa.array(merge.winner[merge.contested].astype(np.int64))),
                **values,
            },
            len(rows),
        )

    def _delete(self, side: Side, rows: Positions, lines: npt.NDArray[np.int8]) -> None:
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
                "sc_user_id": self._owner(rows),
                "first_import": constant(False, length, pa.bool_()),
                "mask": constant(0, length, pa.int32()),
                **self._seen_values(side, rows),
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

    def _recreate(self, side: Side, rows: Positions) -> None:
        """The edit wins over the delete: the deleted record is created again (K4)."""
        if not len(rows):
            return
        self._keep_records(rows, winner=side.other)
        self._create_next(side, rows, "K4")

    def _restores(self, rows: Positions) -> None:
        """A deleted Salesforce task that is live again was restored by a person (C7)."""
        rows = rows[self.matched.seen[_SF][rows]]
        staged = self.matched[_SF]
        read = take(staged.rows["version"], staged.position[rows])
        newer = flags(pc.fill_null(pc.greater(read, self.matched.newest_known(_SF, rows)), True))
        rows = rows[newer & gather(self.matched.reminders, staged.position[rows])]
        users = self.matched.user_of(_SF, self.matched.now(_SF, "owner", rows))
        taking_part = gather(self.matched.synced, users)
        asked = gather(flags(self.matched.users["selected"]), users)
        self.draft.links.end(rows[taking_part & ~asked], Disposition.DEFERRED, "selection")
        self._create_next(_SC, rows[taking_part & asked], "C7")

    def _create_next(self, side: Side, rows: Positions, rule: str) -> None:
        """Plans the next generation of these pairs' records on `side`."""
        self.draft.links.end(rows, Disposition.PLANNED, rule)
        self._create(side, rows, self._generation(rows) + np.int32(1), rule)

    def _halves(self, rows: Positions) -> None:
        """Pairs whose other record never came to be: planned again under the same marker (G2)."""
        ends = self.draft.links
        for source in Side:
            staged = self.matched[source]
            mine = rows[staged.position[rows] >= 0]
            ends.end(mine[gather(staged.broken, staged.position[mine])], Disposition.HELD, "G4")
            ends.end(mine[self.matched.absent[source][mine]], Disposition.HELD, "C5")
            ends.end(mine[self.matched.outdated[source][mine]], Disposition.DEFERRED, "G9")
            gone = ends.end(mine[self.matched.deleted[source][mine]], Disposition.UNCHANGED, "C1")
            self._change_state(gone, LinkState.TOMBSTONE)
            parked = flags(self.matched.links["parked"])[mine]
            ends.end(mine[parked & ~self._moved(mine)], Disposition.HELD, "G4")
            self._halves_in_scope(source, mine[ends.open[mine]])

    def _halves_in_scope(self, source: Side, rows: Positions) -> None:
        ends = self.draft.links
        staged = self.matched[source]
        users = self.matched.user_of(source, take(staged.rows["owner"], staged.position[rows]))
        ends.end(rows[(users >= 0) & ~gather(flags(self.matched.users["selected"]), users)],
                 Disposition.DEFERRED, "selection")  # fmt: skip
        self._release(rows[~gather(self.matched.synced, users)], "C3")
        if source is _SF:
            self._release(rows[~gather(self.matched.reminders, staged.position[rows])], "C2")
        rows = ends.end(rows, Disposition.PLANNED, "C1")
        self._create(source.other, rows, self._generation(rows), "C1")

    def _generation(self, rows: Positions) -> npt.NDArray[np.int32]:
        generations: npt.NDArray[np.int32] = take(self.matched.links["generation"], rows).to_numpy()
        return generations

    def _create(self, side: Side, rows: Positions, generation: npt.NDArray[np.int32], rule: str) -> None:
        if not len(rows):
            return
        source = side.other
        create(
            self.matched,
            self.draft,
            self.crossing,
            self.template,
            source=source,
            rows=self.matched[source].position[rows],
            link_ids=take(self.matched.links["link_id"], rows),
            links=rows,
            generation=generation,
            rule=rule,
        )


def _as_json(values: Callable[[Side, str, Positions], pa.Array], side: Side, rows: Positions) -> pa.Array:
    """All fields of these pairs' records on a side, one JSON object each."""
    columns = {name: pc.cast(values(side, name, rows), pa.string()) for name in FIELDS}
    lines = pa.table(columns).to_pandas().to_json(orient="records", lines=True, force_ascii=False)
    # Only "\n" ends an object: texts may hold U+2028 and U+0085 as they are.
    return pa.array(lines.removesuffix("\n").split("\n"), pa.string())
