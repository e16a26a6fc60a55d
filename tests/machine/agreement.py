"""What must hold once people and faults rest: the invariants of the design, each a check of its own.

Everything is told from the two systems, the log of what people did, and the rules. Where a table of ours is
read, it is because the promise is about that table (K5, the base, conservation).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from taskbridge.core.terms import FIELDS, MERGED_FIELDS, Side
from tests.doubles.memory import Record
from tests.machine.apart import Apart
from tests.machine.pairs import Pair, all_pairs, rendered
from tests.machine.story import Story
from tests.machine.watching import Broken, Event, canonical

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE


@dataclass(frozen=True)
class Agreement:
    """The checks at the end of a story."""

    story: Story
    manual: bool = False  # contested fields may wait for a person (K3)
    poison: bool = False  # records that cannot be understood or written stay behind, alone (G4)

    @cached_property
    def apart(self) -> Apart:
        return Apart.of(self.story)

    def check(self) -> None:
        for pair in all_pairs(self.story):
            if not (self.poison and self._is_poisoned(pair)):
                self.check_1_both_sides_agree(pair)
                self.check_4_the_last_word_stands(pair)
                self.check_7_one_partner(pair)
                self.check_12_nothing_is_left_out(pair)
            self.apart.check_3_what_was_undone_stays(pair)
        self.check_4_what_was_overwritten_is_kept()
        self.check_10_counts_add_up()
        self.check_11_the_base_was_true()
        self.check_13_links_join_pairs()

    def _is_poisoned(self, pair: Pair) -> bool:
        for side in Side:
            refused = self.story.systems[side].faults.refuse_titles
            for record in pair.records(_SC) + pair.records(_SF):
                if record.spoiled or record.values["title"] in refused:
                    return True
        return False

    def check_7_one_partner(self, pair: Pair) -> None:
        for side in Side:
            if len(pair.live(side)) > 1:
                ids = [record.remote_id for record in pair.live(side)]
                raise Broken(f"7: {pair.name} has the copies {ids} in {side.system}")

    # 1, 5, 6

    def check_1_both_sides_agree(self, pair: Pair) -> None:
        if not pair.takes_part or not all(pair.members.values()):
            return
        if not pair.complete:
            if (pair.live(_SC) or pair.live(_SF)) and not (
                self._may_stay_alone(pair) or self.apart.may_be_alone(pair)
            ):
                where = _SC if pair.live(_SC) else _SF
                raise Broken(f"1: {pair.name} is left in {where.system} only, deleted on the other side")
            return
        for name in MERGED_FIELDS:
            values = pair.value(_SC, name), pair.value(_SF, name)
            mapped_now = self.story.mapped.get(values[0]) == values[1]
            same = mapped_now if name == "owner" else pair.agree(name, *values)
            waits = self.manual and self._contested(pair, name)
            if not (same or waits or self.apart.may_differ(pair, name)) and pair.crosses(name):
                raise Broken(f"1: {name} of {pair.name} is {values[0]!r} and {values[1]!r}")

    def _may_stay_alone(self, pair: Pair) -> bool:
        log = self.story.log
        keys = [(side, record.remote_id) for side in Side for record in pair.records(side)]
        gone = [log.last(*key, "deleted") for key in keys]
        survivors = [record for side in Side for record in pair.live(side)]
        return bool(
            # C2, C3: what had left the scope decides nothing, also when its owner takes part since then.
            any(
                self.story.scope.may_stay_alone(side, gone, survivor)
                for side in Side
                for gone in pair.records(side)
                for survivor in survivors
            )
            # C5: what went with its user stays behind.
            or any(event and event.after == "user_deleted" for event in gone)
            # A record that left no trace (emptied bin), or was deleted before its id could be known and without a
            # feed to tell, is held for a person (C5, G2).
            or any(key in log.lost and not self._fed for key in keys)
            or self.story.purged & set(pair.members[_SF])
            # C5: without a feed, a 404 is proof only while another task of the same assignee answers.
            or (not pair.live(_SC) and self.story.sc.gone_status != 410 and not self._fed)
        )

    @property
    def _fed(self) -> bool:
        return "deleted_tasks" in self.story.sc.features

    # 4, 5

    def _words(self, pair: Pair, side: Side, name: str) -> list[Event]:
        return self.story.log.typed(side, pair.members[side], name)

    def _superseded(self, pair: Pair, name: str, event: Event | None, by: Event | None) -> bool:
        """Whether the later word was said with the earlier one in view, which a run had carried there."""
        if event is None or by is None or by.number < event.number:
            return False
        if not any(event.number <= first and last < by.number for first, last in self.story.spans.values()):
            return False  # the two just happen to hold the same
        left, right = (event, by) if event.side is _SC else (by, event)
        sc = left.after if left is event else left.before
        sf = right.after if right is event else right.before
        return pair.agree(name, sc, sf)

    def _candidates(self, pair: Pair, name: str) -> dict[Side, Event | None]:
        """Per side the last thing that a person typed, unless the other side's last word followed on it."""
        last = {side: next(reversed(self._words(pair, side, name)), None) for side in Side}
        return {
            side: None if self._superseded(pair, name, last[side], last[side.other]) else last[side]
            for side in Side
        }

    def _contested(self, pair: Pair, name: str) -> bool:
        return all(self._candidates(pair, name).values())

    def check_4_the_last_word_stands(self, pair: Pair) -> None:
        """What is there now is what a person typed last; a later word in view of an earlier one stands."""
        if not pair.complete or not pair.takes_part:
            return
        for name in MERGED_FIELDS:
            words = self._candidates(pair, name)
            found = [side for side, event in words.items() if event and event.after == pair.value(side, name)]
            if any(words.values()) and not found and not self._said_earlier(pair, name):
                told = {side.system: event and event.after for side, event in words.items()}
                values = pair.value(_SC, name), pair.value(_SF, name)
                raise Broken(f"4: {name} of {pair.name} is {values}, but people typed last {told}")

    def _said_earlier(self, pair: Pair, name: str) -> bool:
        """A record that was created again carries what its partner had, which may be older than a last word (K4)."""
        if len(pair.members[_SC]) == len(pair.members[_SF]) == 1:
            return False
        return any(
            event.after == pair.value(side, name) for side in Side for event in self._words(pair, side, name)
        )

    def check_4_what_was_overwritten_is_kept(self) -> None:
        """K5: every value that a write of ours replaced is in the database, in full."""
        columns = ", ".join(f"seen_{name}" for name in FIELDS)
        kept = {
            row[0]: dict(zip(FIELDS, row[1:], strict=True))
            for row in self.story.db.rows(f"SELECT action_id, {columns} FROM bridge.action")
        }
        for action, name, value in self.story.log.overwritten:
            if canonical(kept[action][name]) != value:
                raise Broken(f"4: {name} {value!r}, overwritten by action {action}, is not kept (K5)")

    # F1, T3

    def check_subjects(self) -> None:
        """Where Subjects were just made anew, each is what the template says."""
        template = self.story.settings.subject_template
        for pair in all_pairs(self.story):
            in_sight = not any(
                one in self.story.systems[side].faults.hidden for side in Side for one in pair.members[side]
            )
            if in_sight and pair.complete and pair.takes_part and not self.apart.may_differ(pair, "title"):
                sc = pair.live(_SC)[0].values
                wanted, found = rendered(template, sc), pair.value(_SF, "title")
                if wanted != found:
                    raise Broken(f"T3: the Subject of {pair.name} is {found!r}, the template says {wanted!r}")

    # 12

    def check_12_nothing_is_left_out(self, pair: Pair) -> None:
        """Every record that the rules let in has a partner (I1, I2)."""
        for side in Side:
            if pair.live(side) and not pair.members[side.other]:
                record = pair.live(side)[0]
                if self._is_let_in(side, record) and not self.apart.may_be_alone(pair):
                    raise Broken(
                        f"12: {self.story.named(side, record.remote_id)} in {side.system} has no partner"
                    )

    def _is_let_in(self, side: Side, record: Record) -> bool:
        story = self.story
        if not story.takes_part(side, record.values["owner"]):
            return False
        since = story.switched_on_by(side, record.values["owner"])
        if since is None or (side, record.remote_id) in story.ever_hidden:
            return False
        if side is _SC:
            return bool(record.created_at > since)
        none = any(policy.get("first_sync_mode") == "none" for policy in story.policies)
        lookback = timedelta(0) if none else timedelta(hours=24)
        pair = Pair(story.pair_of(side, record.remote_id), story, {})
        return bool(record.modified_at >= since - lookback and pair.reminder(record))

    # the ledger

    def check_10_counts_add_up(self) -> None:
        states = self.story.db.rows("SELECT action_id, state, sent_at IS NOT NULL FROM bridge.action")
        open_ = [action for action, state, _ in states if state in ("planned", "sent")]
        dry = {row[0] for row in self.story.db.rows(
            "SELECT action_id FROM bridge.action a JOIN bridge.run r USING (run_id) WHERE r.dry_run"
        )}  # fmt: skip
        if set(open_) - dry:
            raise Broken(f"10: the actions {sorted(set(open_) - dry)} have no outcome")
        done = {action for action, state, _ in states if state in ("done", "dead")}
        if done - self.story.log.actions:
            raise Broken(f"10: {sorted(done - self.story.log.actions)} have an outcome and were never sent")
        lost = self.story.db.rows(
            "SELECT r.run_id FROM bridge.run r JOIN staging.salesforce_task s USING (run_id)"
            " WHERE r.outcome NOT IN ('failed') AND s.disposition IS NULL"
            " UNION SELECT r.run_id FROM bridge.run r JOIN staging.sales_connect_task s USING (run_id)"
            " WHERE r.outcome NOT IN ('failed') AND s.disposition IS NULL"
        )
        if lost:
            raise Broken(f"10: staged rows of the runs {lost} ended nowhere (G5)")

    def check_11_the_base_was_true(self) -> None:
        for link_id, sc_id, sf_id, base in self.story.db.rows(
            "SELECT link_id, sc_id, sf_id, to_jsonb(l) FROM bridge.link l"
            " WHERE state IN ('linked', 'released', 'held') AND sc_id IS NOT NULL AND sf_id IS NOT NULL"
        ):
            for side, remote_id in ((_SC, sc_id), (_SF, sf_id)):
                ids = {remote_id}
                if link_id in self.apart.alone:
                    # What an undo made anew holds what was never in step; the base is that of its predecessor.
                    ids |= set(self.story.pairs()[link_id][side])
                for name in FIELDS:
                    value = canonical(base[f"{side.prefix}_{name}"])
                    held = {
                        one.isoformat() if hasattr(one, "isoformat") else one
                        for one_id in ids
                        for one in self.story.log.held[side, one_id, name]
                    }
                    if value not in held:
                        raise Broken(
                            f"11: the base of {link_id} says {name} {value!r}, which {side.system} "
                            f"never held, only {json.dumps(sorted(map(str, held)), ensure_ascii=False)[:300]}"
                        )

    def check_13_links_join_pairs(self) -> None:
        for link_id, sc_id, sf_id in self.story.db.rows("SELECT link_id, sc_id, sf_id FROM bridge.link"):
            for side, remote_id in ((_SC, sc_id), (_SF, sf_id)):
                if remote_id and self.story.pair_of(side, remote_id) != link_id:
                    raise Broken(f"13: {link_id} holds {remote_id}, a record of another pair")


def describe(story: Story) -> str:
    """Both systems as they are, for the end of a failing story."""
    lines = []
    for side, system in story.systems.items():
        for remote_id, record in system.records.items():
            values = {name: record.values[name] for name in FIELDS[1:]}
            lines.append(
                f"  {side.system} {story.named(side, remote_id)}{' deleted' if record.deleted else ''}: "
                f"{', '.join(f'{name} {str(value)[:30]}' for name, value in values.items())}"
            )
    return "\n".join(lines)
