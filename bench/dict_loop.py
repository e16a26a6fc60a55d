"""The plan decided pair by pair over dictionaries: the rival of the benchmark, the oracle of the tests.

It keeps the same rules as `taskbridge.core` and shares nothing with it but `core.terms` and `core.model`: no
frames, no positions, no masks over columns. Rows are dictionaries with the columns of the schemas there.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from taskbridge.core.model import ACTIONS, LEDGER_CHANGES, PlanInput
from taskbridge.core.policy import Policy
from taskbridge.core.terms import (
    ALL_FIELDS,
    BIT,
    FIELDS,
    TEMPLATE_INPUTS,
    ConflictPolicy,
    DeletePolicy,
    FirstSyncMode,
    GuardKind,
    SkippedTasks,
)

Row = dict[str, Any]
End = tuple[str, str]

SC: Final = "sales_connect"
SF: Final = "salesforce"
OTHER: Final = {SC: SF, SF: SC}
PREFIX: Final = {SC: "sc", SF: "sf"}

UNCHANGED: Final[End] = ("unchanged", "G1")
PLANNED: Final[End] = ("planned", "C1")

_BASE_OF: Final = {side: [(name, f"{prefix}_{name}") for name in FIELDS] for side, prefix in PREFIX.items()}
_INPUT_BASES: Final = [(name, f"sc_{name}") for name in TEMPLATE_INPUTS]
_COMPARED: Final = {SC: (*FIELDS, *TEMPLATE_INPUTS), SF: FIELDS}
_VALUES: Final = {side: itemgetter(*names) for side, names in _COMPARED.items()}
_BASE: Final = {
    side: itemgetter(*(f"{PREFIX[side]}_{name}" for name in names)) for side, names in _COMPARED.items()
}
_DOUBTS: Final = {"I4": "too_old", "C6": "undated", "C5,C6": "missing"}
_NO_ACTION: Final[Row] = dict.fromkeys(ACTIONS.names)
_NO_CHANGE: Final[Row] = dict.fromkeys(LEDGER_CHANGES.names) | {"sc_mask": 0, "sf_mask": 0, "inputs": False}

_TYPE_LABELS: Final = {"email": "Email", "call": "Call", "inmail": "InMail", "custom": "Custom"}
_TEMPLATE_FIELDS: Final = {
    "activity_type": "type",
    "activity_subject": "title",
    "sales_campaign_name": "campaign_name",
    "sales_campaign_day": "campaign_day",
    "sales_campaign_step": "campaign_step",
    "call_outcome": "call_outcome",
    "call_reason": "call_reason",
}
_LINE_BREAKS: Final = dict.fromkeys(map(ord, "\r\n\x0b\x0c\x85\u2028\u2029"))


def rows_of(frame: pd.DataFrame) -> list[Row]:
    """A frame's rows as dictionaries, null as None."""
    rows: list[Row] = pa.Table.from_pandas(frame, preserve_index=False).to_pylist()
    return rows


@dataclass(frozen=True)
class DictInput:
    """`PlanInput` with lists of dictionaries for frames."""

    links: list[Row]
    sales_connect: list[Row]
    salesforce: list[Row]
    users: list[Row]
    history: list[Row]
    population: list[Row]
    approvals: list[Row]
    account: str
    org: str
    sf_now: datetime
    policy: Policy
    rerender: bool
    gaps: frozenset[str] = frozenset()
    untold: frozenset[str] = frozenset()
    decisions: list[Row] = field(default_factory=list)
    recent: list[Row] = field(default_factory=list)

    @classmethod
    def of(cls, given: PlanInput, convert: Callable[[pd.DataFrame], list[Row]] = rows_of) -> DictInput:
        return cls(
            links=convert(given.links),
            sales_connect=convert(given.sales_connect),
            salesforce=convert(given.salesforce),
            users=convert(given.users),
            history=convert(given.history),
            population=convert(given.population),
            approvals=convert(given.approvals),
            account=given.account,
            org=given.org,
            sf_now=given.sf_now,
            policy=given.policy,
            gaps=frozenset(str(side) for side in given.gaps),
            untold=frozenset(str(side) for side in given.untold),
            decisions=convert(given.decisions),
            recent=convert(given.recent),
            rerender=given.rerender,
        )


@dataclass
class DictPlan:
    """`Plan` with lists of dictionaries for frames."""

    actions: list[Row] = field(default_factory=list)
    ledger_changes: list[Row] = field(default_factory=list)
    new_links: list[Row] = field(default_factory=list)
    conflicts: list[Row] = field(default_factory=list)
    dispositions: list[Row] = field(default_factory=list)
    left_out: list[Row] = field(default_factory=list)
    answered: list[Row] = field(default_factory=list)


def plan(given: DictInput) -> DictPlan:
    """What `make_plan` answers for the same input; the order of rows, and with it `seq`, is its own."""
    planner = _Planner(given)
    for link in given.links:
        planner.link(link)
    for side in (SC, SF):
        for row in planner.staged[side].values():
            planner.stranger(side, row)
    planner.weigh()
    planner.dispose()
    return planner.result


class _Planner:
    def __init__(self, given: DictInput) -> None:
        self.given = given
        self.policy = given.policy
        self.result = DictPlan()
        self.staged = {
            SC: {row["remote_id"]: row for row in given.sales_connect},
            SF: {row["remote_id"]: row for row in given.salesforce},
        }
        self.users = {
            SC: {user["sc_user_id"]: user for user in given.users},
            SF: {user["sf_user_id"]: user for user in given.users},
        }
        self.sf_linked = {link["sf_id"] for link in given.links}
        self.cross = _Crossing(given.users, given.policy.skipped_tasks)
        self.parts = re.split(r"\{\{\s*(.*?)\s*\}\}", given.policy.subject_template, flags=re.DOTALL)
        self.parts[1::2] = [_TEMPLATE_FIELDS[name.lower()] for name in self.parts[1::2]]
        self.decisions = {(row["link_id"], row["field"]): row for row in given.decisions}
        self.held_lately: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        self.reversals: Counter[tuple[str, str]] = Counter()
        for row in sorted(given.recent, key=itemgetter("nth")):
            self.remember(row)
        self.link_ends: dict[str, End] = {}
        self.link_of: dict[tuple[str, str], str] = {}
        self.row_ends: dict[tuple[str, str], End] = {}
        self.kept_out = {row["link_id"]: row["withheld"] for row in given.links if row["withheld"]}
        self.left_idle: set[str] = set()  # pairs of which a person rejected something
        self.sources: dict[
            str, tuple[str, str]
        ] = {}  # of a new pair: side and id of the record that began it

    # one link

    def link(self, link: Row) -> None:
        sc = self.staged[SC].get(link["sc_id"])
        sf = self.staged[SF].get(link["sf_id"])
        if sc is not None:
            self.link_of[SC, link["sc_id"]] = link["link_id"]
        if sf is not None:
            self.link_of[SF, link["sf_id"]] = link["link_id"]
        if link["state"] == "tombstone" and (sf is None or not _live(sf)):
            sf = self.earlier_copy(link) or sf
        if sc is None and sf is None:
            return
        in_step = not self.given.rerender and _in_step(link, sc, sf)
        in_step = in_step and (sf is None or self.is_reminder(sf))
        older = _older(SC, sc, link) or _older(SF, sf, link)
        if not in_step and not older:
            self.note_scope(_Pair(link, sc, sf))
        if link["unconfirmed"]:
            end = ("deferred", "G2")
        elif older:
            end = ("deferred", "G9")
        elif in_step:
            end = UNCHANGED
        else:
            end = self.settled(link, sc, sf)
        self.link_ends[link["link_id"]] = end

    def settled(self, link: Row, sc: Row | None, sf: Row | None) -> End:
        """A link of which everything is known that can be."""
        if link["state"] == "tombstone":
            return self.restore(link, sf)
        if link["sf_id"] is None and sc is not None:
            return self.half(link, SC, sc)
        if link["sc_id"] is None and sf is not None:
            return self.half(link, SF, sf)
        return self.pair(_Pair(link, sc, sf))

    def outside(self, pair: _Pair, side: str) -> Any:
        """C2, C3: why a record takes no part whatever became of it, told by itself or as it was last seen."""
        row = pair.rows[side]
        if row is None or not pair.told[side]:
            return pair.link[f"{PREFIX[side]}_outside"]
        if side == SF and not self.is_reminder(row):
            return "no_reminder"
        user = self.users[side].get(row["owner"])
        given = row["owner"] != pair.link[f"{PREFIX[side]}_owner"]
        return "owner" if given and (user is None or not user["synced"]) else None

    def note_scope(self, pair: _Pair) -> None:
        for side, prefix in PREFIX.items():
            outside = self.outside(pair, side)
            if outside != pair.link[f"{prefix}_outside"]:
                self.change(pair.link, **{f"{prefix}_outside": outside or ""})

    def earlier_copy(self, link: Row) -> Row | None:
        """C7: one that is live again although its pair has ended."""
        for row in self.staged[SF].values():
            named = (row["marker"] or "").rpartition(":")[0] == f"tb:{link['link_id']}"
            if named and _live(row) and row["remote_id"] not in self.sf_linked:
                self.link_of[SF, row["remote_id"]] = link["link_id"]
                return row
        return None

    def restore(self, link: Row, sf: Row | None) -> End:
        """C7: a deleted Salesforce task is live again, in a version that nobody has seen or written, or for whoever
        asks for it after its delete was proved."""
        if sf is None or not _live(sf):
            return UNCHANGED
        known = [stamp for stamp in (link["sf_version"], link["sf_written_at"]) if stamp is not None]
        asked = link["sf_asked"] and link["sf_proof"] is not None
        asked = asked or sf["remote_id"] != link["sf_id"]
        if known and not (asked or sf["version"] is None or sf["version"] > max(known)):
            return UNCHANGED
        user = self.users[SF].get(sf["owner"])
        if not self.is_reminder(sf) or user is None or not user["synced"]:
            return UNCHANGED
        if not user["selected"]:
            return ("deferred", "selection")
        self.create(SF, sf, link, link["generation"] + 1, "C7")
        return ("planned", "C7")

    def half(self, link: Row, side: str, row: Row) -> End:
        """The other record was planned and never came to be: G2 plans it again under the same marker."""
        if row["problem_code"] is not None:
            return ("waiting", "G4")
        if row["presence"] == "absent":
            return ("waiting", "C5")
        if row["presence"] == "deleted":
            self.change(link, state="tombstone")
            return ("unchanged", "C1")
        if _kept_out(link) and not _Pair(link, *((row, None) if side == SC else (None, row))).edited:
            return ("released", link["withheld"])
        if link["parked"] and not _moved(row, link[f"{PREFIX[side]}_version"]):
            return ("waiting", "G4")
        user = self.users[side].get(row["owner"])
        if user is not None and not user["selected"]:
            return ("deferred", "selection")
        if user is None or not user["synced"]:
            return self.release(link, "C3")
        if side == SF and not self.is_reminder(row):
            return self.release(link, "C2")
        self.create(side, row, link, link["generation"], "C1")
        return PLANNED

    def pair(self, pair: _Pair) -> End:
        if self.given.rerender and pair.seen[SC]:
            names = {"title", *self.parts[1::2]}
            subject = self.subject({name: pair.now(SC, name) for name in names})
            pair.inputs_changed |= subject != pair.now(SF, "title")
        sf = pair.rows[SF]
        if not pair.needs_attention and (sf is None or self.is_reminder(sf)):
            return UNCHANGED
        steps = (self.hindrance, self.out_of_scope, self.undecided, self.withheld)
        return next(filter(None, (step(pair) for step in steps)), None) or self.decide(pair)

    def hindrance(self, pair: _Pair) -> End | None:
        """G4: a record that cannot be understood, or a parked pair of which nothing moved."""
        rows = [(side, row) for side, row in pair.rows.items() if row is not None]
        if any(row["problem_code"] is not None for _, row in rows):
            return ("waiting", "G4")
        moved = any(_moved(row, pair.link[f"{PREFIX[side]}_version"]) for side, row in rows)
        return ("waiting", "G4") if pair.link["parked"] and not moved else None

    def out_of_scope(self, pair: _Pair) -> End | None:
        outside = {self.outside(pair, side) for side in (SC, SF) if not pair.taken_back(side)}
        sc_user = self.users[SC].get(pair.owner(SC))
        sf_user = self.users[SF].get(pair.owner(SF))
        if pair.taken_back(SC):
            sc_user = sf_user
        if pair.taken_back(SF):
            sf_user = sc_user
        if sc_user is not None and not sc_user["selected"]:
            return ("deferred", "selection")
        if all(pair.deleted.values()):
            return None
        if any(self.is_untold(pair, side) for side in (SC, SF)):
            return ("deferred", "G9")
        synced = sc_user is not None and sf_user is not None and sc_user["synced"] and sf_user["synced"]
        if not synced or "owner" in outside:
            return self.release(pair.link, "C3")
        if "no_reminder" in outside:
            return self.release(pair.link, "C2")
        sc = pair.rows[SC]
        if pair.deleted[SC] and sc is not None and sc["delete_cause"] == "user_deleted":
            return self.release(pair.link, "C5")
        return None

    def is_untold(self, pair: _Pair, side: str) -> bool:
        """C2, C3: a delete that waits for the listing that tells whose the record was, unless a person was asked."""
        row, proof = pair.rows[side], pair.link[f"{PREFIX[side]}_proof"]
        unsaid = row is not None and row["owner"] is None and proof in (None, "read")
        return side in self.given.untold and pair.deleted[side] and unsaid and not pair.taken_back(side)

    def undecided(self, pair: _Pair) -> End | None:
        """G9: of an unsettled pair both records have to be read."""
        unsettled = pair.link["dirty"] or pair.link["state"] in ("released", "missing", "held")
        read = all(pair.seen[side] or pair.deleted[side] or pair.missing[side] for side in (SC, SF))
        return ("deferred", "G9") if unsettled and not read else None

    def withheld(self, pair: _Pair) -> End | None:
        """A person keeps the pair out while only one of its records is live, until the original of a copy that was
        taken back is edited, or the Salesforce task is there again though the other one is deleted."""
        for side, row in pair.rows.items():
            if pair.withdrawn[OTHER[side]] and pair.deleted[OTHER[side]] and row is not None and pair.edited:
                self.create(side, row, pair.link, pair.link["generation"] + 1, "C1")
                return PLANNED
        sf = pair.rows[SF]
        was_away = _kept_out(pair.link) and pair.link["sf_proof"] is not None
        if was_away and pair.seen[SF] and sf is not None and pair.deleted[SC]:
            self.create(SF, sf, pair.link, pair.link["generation"] + 1, "C7")
            return ("planned", "C7")
        whole = all(pair.seen.values()) or all(pair.deleted.values())
        return ("released", pair.link["withheld"]) if _kept_out(pair.link) and not whole else None

    def decide(self, pair: _Pair) -> End:
        link = pair.link
        for side in (SC, SF):
            alone = pair.missing[side] and not (pair.missing[OTHER[side]] or pair.deleted[OTHER[side]])
            if alone and (side in self.given.gaps or link["state"] == "held"):
                return self.ask(pair, OTHER[side], "C5,C6")
        if pair.missing[SC] or pair.missing[SF]:
            self.change(link, state="missing")
            return ("waiting", "C5")
        if pair.deleted[SC] and pair.deleted[SF]:
            self.change(link, state="tombstone")
            return ("unchanged", "C1")
        for side in (SC, SF):
            if pair.deleted[side]:
                return self.deleted(pair, OTHER[side])
        if link["state"] in ("released", "missing", "held"):
            self.change(link, state="linked")
        return self.merge(pair)

    # deletes

    def deleted(self, pair: _Pair, survivor: str) -> End:
        """C1 carries a delete over; K4 decides when the survivor was edited."""
        edited = bool(pair.changed[survivor])
        if edited:
            revive = self.policy.delete_policy is DeletePolicy.EDIT_WINS
            self.keep_records(pair, winner=survivor if revive else OTHER[survivor])
            if revive:
                row = pair.rows[survivor]
                assert row is not None
                self.create(survivor, row, pair.link, pair.link["generation"] + 1, "K4")
                return ("planned", "K4")
        if survivor == SC and self.is_old_delete(pair.link, pair.rows[SF]):
            self.delete(pair, survivor, "held", "I4")
            return ("held", "I4")
        if self.is_doubtful(pair, OTHER[survivor]):
            return self.ask(pair, survivor, "C6")
        self.delete(pair, survivor, "planned", "K4" if edited else "C1")
        return PLANNED

    def ask(self, pair: _Pair, survivor: str, rule: str) -> End:
        """C6: after a gap a person decides on what is not proven and dated."""
        self.change(pair.link, state="held")
        self.delete(pair, survivor, "held", rule)
        return ("held", rule)

    def delete(self, pair: _Pair, survivor: str, state: str, rule: str) -> None:
        seq = self.act(
            link_id=pair.link["link_id"],
            side=survivor,
            op="delete",
            remote_id=pair.link[f"{PREFIX[survivor]}_id"],
            state=state,
            rule=rule,
            doubt=_DOUBTS.get(rule),
            sc_user_id=pair.now(SC, "owner"),
            mask=0,
            **pair.seen_values(survivor),
        )
        self.change(pair.link, seq=seq, state="tombstone")

    def is_doubtful(self, pair: _Pair, side: str) -> bool:
        row = pair.rows[side]
        undated = row is not None and row["version"] is None
        return pair.link["state"] == "held" or (undated and side in self.given.gaps)

    def is_old_delete(self, link: Row, sf: Row | None) -> bool:
        if sf is None:
            return False
        deleted_at = sf["version"]
        if sf["presence"] == "absent":
            if link["sf_proof"] != "read":
                return bool(link["sf_proof"] == "held_too_old")
            deleted_at = link["sf_version"]
        oldest = self.given.sf_now - self.policy.delete_max_age
        return deleted_at is not None and deleted_at < oldest

    def keep_records(self, pair: _Pair, winner: str) -> None:
        kept = {"link_id": pair.link["link_id"], "field": "record", "rule": "K4", "winner": winner}
        for side, prefix in PREFIX.items():
            base = {name: pair.link[column] for name, column in _BASE_OF[side]}
            kept[f"base_{prefix}"] = _as_json(base)
            kept[f"value_{prefix}"] = _as_json({name: pair.now(side, name) for name in FIELDS})
        self.result.conflicts.append(kept)

    # merging

    def merge(self, pair: _Pair) -> End:
        names = pair.changed[SC] | pair.changed[SF] | ({"title"} if pair.inputs_changed else set())
        verdicts: dict[str, _Verdict] = {name: self.verdict(pair, name) for name in FIELDS if name in names}
        for side in (SF, SC):
            values: Row = {name: one.value for name, one in verdicts.items() if one.target == side}
            if values:
                contested = any(verdicts[name].contested for name in values)
                self.update(pair, side, values, contested)
        self.agree(pair, [name for name, one in verdicts.items() if one.target is None and not one.held])
        if any(one.turning for one in verdicts.values()):
            return ("held", "K6")
        if any(one.held for one in verdicts.values()):
            return ("held", "K3")
        return PLANNED if any(one.target for one in verdicts.values()) else UNCHANGED

    def verdict(self, pair: _Pair, name: str) -> _Verdict:
        verdict = self.merge_title(pair) if name == "title" else self.merge_field(pair, name)
        if verdict.contested or verdict.turning:
            rule = "K6" if verdict.turning else "T3" if name == "title" else "K3"
            self.keep_contested(pair, name, rule, verdict.winner)
        if verdict.outdated:
            left_out = {"link_id": pair.link["link_id"], "side": None, "field": name}
            self.result.left_out.append(left_out | {"code": "DECISION_OUTDATED", "reason": None})
        return verdict

    def judge(
        self,
        pair: _Pair,
        name: str,
        contested: bool,
        winner: str | None,
        outcome: Callable[[bool, str | None], tuple[str | None, Any]],
    ) -> _Verdict:
        """K6 holds what would reverse once too often; K3: a decision on these very values stands above all."""
        link_id = pair.link["link_id"]
        target, value = outcome(contested, winner)
        turning = (
            target is not None
            and self.reversals[link_id, name] >= 2
            and (_as_text(value) or "") in self.held_lately[link_id, target, name]
        )
        decision = self.decisions.get((link_id, name))
        fits = decision is not None and all(
            decision[f"value_{prefix}"] == _as_text(pair.now(side, name)) for side, prefix in PREFIX.items()
        )
        if decision is not None and fits and (contested or turning):
            contested, turning, winner = True, False, decision["winner"]
            target, value = outcome(contested, winner)
        if turning:
            winner = None
        held = turning or (contested and winner is None)
        if held:
            target = value = None
        return _Verdict(target, value, contested, winner, held, turning, held and bool(decision) and not fits)

    def remember(self, row: Row) -> None:
        """K6: a write reverses when its side already held that value, before something else took its place."""
        for name in FIELDS:
            if row["mask"] & BIT[name]:
                held = self.held_lately[row["link_id"], row["side"], name]
                value = _as_text(row[name]) or ""
                if value in held:
                    self.reversals[row["link_id"], name] += 1
                held.add(value)
                if row["op"] == "update":
                    held.add(_as_text(row[f"seen_{name}"]) or "")

    def agree(self, pair: _Pair, names: Iterable[str]) -> None:
        """What changed and is not written becomes the base (K2, F6)."""
        agreed: dict[str, Row] = {SC: {}, SF: {}}
        for name in names:
            for side in (SC, SF):
                inputs = side == SC and name == "title" and pair.inputs_changed
                if inputs or name in pair.changed[side]:
                    agreed[side][name] = pair.now(side, name)
        if agreed[SC] or agreed[SF]:
            self.change(pair.link, **self.advance(pair, agreed))

    def merge_field(self, pair: _Pair, name: str) -> _Verdict:
        sc, sf = pair.now(SC, name), pair.now(SF, name)
        sc_crosses, as_sf = self.cross.to(SF, name, sc)
        sf_crosses, as_sc = self.cross.to(SC, name, sf)
        if name == "details":
            as_sc = _with_tail(as_sc, pair.link["sc_details"], pair.link["sf_details"])
        if (sc_crosses and as_sf == sf) or (sf_crosses and as_sc == sc):
            return _Verdict()

        def outcome(contested: bool, winner: str | None) -> tuple[str | None, Any]:
            source = winner if contested else SC if name in pair.changed[SC] else SF
            if source == SC and sc_crosses:
                return SF, as_sf
            return (SC, as_sc) if source == SF and sf_crosses else (None, None)

        contested = name in pair.changed[SC] and name in pair.changed[SF]
        return self.judge(pair, name, contested, self.winner(pair, name) if contested else None, outcome)

    def merge_title(self, pair: _Pair) -> _Verdict:
        """F1, T3: the Subject follows the SC values as the template shows them, and never comes back."""
        if not ("title" in pair.changed[SC] or pair.inputs_changed):
            return _Verdict()
        names = {"title", *self.parts[1::2]}
        subject = self.subject({name: pair.now(SC, name) for name in names})
        before = self.subject({name: pair.link[f"sc_{name}"] for name in names})
        if (subject == before and not self.given.rerender) or subject == pair.now(SF, "title"):
            return _Verdict()

        def outcome(contested: bool, winner: str | None) -> tuple[str | None, Any]:
            return (None, None) if contested and winner == SF else (SF, subject)

        contested = "title" in pair.changed[SF]
        return self.judge(pair, "title", contested, SC if contested else None, outcome)

    def winner(self, pair: _Pair, name: str) -> str | None:
        """K3."""
        match self.policy.field_policies.get(name, self.policy.conflict_policy):
            case ConflictPolicy.MANUAL:
                return None
            case ConflictPolicy.SALESFORCE_WINS:
                return SF
            case ConflictPolicy.SALES_CONNECT_WINS:
                return SC
        sc, sf = pair.edited_at(SC), pair.edited_at(SF)
        if sc is None or sf is None:
            return SF
        return SC if sc > sf + self.policy.conflict_margin else SF

    def keep_contested(self, pair: _Pair, name: str, rule: str, winner: str | None) -> None:
        kept = {"link_id": pair.link["link_id"], "field": name, "rule": rule, "winner": winner}
        for side, prefix in PREFIX.items():
            kept[f"base_{prefix}"] = _as_text(pair.link[f"{prefix}_{name}"])
            kept[f"value_{prefix}"] = _as_text(pair.now(side, name))
        self.result.conflicts.append(kept)

    def update(self, pair: _Pair, side: str, values: Row, contested: bool) -> None:
        source = OTHER[side]
        seq = self.act(
            link_id=pair.link["link_id"],
            side=side,
            op="update",
            remote_id=pair.link[f"{PREFIX[side]}_id"],
            rule="C1,K3" if contested else "C1",
            contested=contested,
            sc_user_id=pair.now(SC, "owner"),
            mask=sum(BIT[name] for name in values),
            **values,
            **pair.seen_values(side),
        )
        theirs = {name: pair.now(source, name) for name in values}
        self.change(pair.link, seq=seq, **self.advance(pair, {side: values, source: theirs}))

    def advance(self, pair: _Pair, bases: Mapping[str, Row]) -> Row:
        """Columns of a ledger change that make these values the base."""
        columns: Row = {}
        for side, values in bases.items():
            columns[f"{PREFIX[side]}_mask"] = sum(BIT[name] for name in values)
            columns |= {f"{PREFIX[side]}_{name}": value for name, value in values.items()}
        columns["inputs"] = "title" in bases[SC]
        if columns["inputs"]:
            columns |= {base: pair.now(SC, name) for name, base in _INPUT_BASES}
        return columns

    # records in no pair

    def stranger(self, side: str, row: Row) -> None:
        key = side, row["remote_id"]
        if row["problem_code"] is not None:
            self.row_ends[key] = ("dead_letter", "G4")
        elif key not in self.link_of:
            self.row_ends[key] = self.refusal(side, row) or PLANNED
            if self.row_ends[key] is PLANNED:
                self.begin(side, row)

    def begin(self, side: str, row: Row) -> None:
        system = self.given.account if side == SC else self.given.org
        link_id = f"{PREFIX[side]}:{system}:{row['remote_id']}"
        self.sources[link_id] = side, row["remote_id"]
        self.create(side, row, {"link_id": link_id}, 1, "C1")

    def refusal(self, side: str, row: Row) -> End | None:
        """Why a record does not begin a pair."""
        if not _live(row):
            return ("ignored", "C1")
        if _carries_marker(row):
            return ("held", "G2")
        if side == SF and not self.is_reminder(row):
            return ("ignored", "C2")
        user = self.users[side].get(row["owner"])
        if user is None or not user["synced"]:
            return ("ignored", "S2")
        if not user["selected"]:
            return ("deferred", "selection")
        if side == SC and not row["created_at"] > user["switched_on_sc"]:
            edited = row["modified_at"] is not None and row["modified_at"] > user["switched_on_sc"]
            return ("ignored", "I3" if edited else "I2")
        if side == SF and not self.is_wanted(row, user):
            return ("ignored", "I1")
        return None

    def is_wanted(self, row: Row, user: Row) -> bool:
        """I1."""
        mode = self.policy.first_sync_mode
        lookback = timedelta(0) if mode is FirstSyncMode.NONE else self.policy.first_sync_lookback
        if row["modified_at"] >= user["switched_on_sf"] - lookback:
            return True
        if not user["first_sync_owed"]:
            return False
        return mode is FirstSyncMode.ALL or (mode is FirstSyncMode.OPEN and not row["is_closed"])

    def is_reminder(self, row: Row) -> bool:
        """C2."""
        if row["subtype"] not in (None, "Task") or row["is_recurrence"]:
            return False
        if self.policy.include_logged_activities or not row["is_closed"] or _carries_marker(row):
            return True
        return row["completed_at"] is None or row["completed_at"] != row["created_at"]

    # creating

    def create(self, source: str, row: Row, link: Row, generation: int, rule: str) -> None:
        """F7, G2: the other record of a pair, and the pair with it when it is a new one."""
        target = OTHER[source]
        user = self.users[source][row["owner"]]
        if source == SC:
            inputs = {name: row[name] for name in TEMPLATE_INPUTS}
            title = self.subject({"title": row["title"], **inputs})
        else:
            inputs = {name: link.get(f"sc_{name}") for name in TEMPLATE_INPUTS}
            inputs["type"] = inputs["type"] or "custom"
            title = link.get("sc_title") or row["title"] or "(no subject)"
        values = {name: self.cross.created(target, name, row[name]) for name in FIELDS[1:]} | {"title": title}
        self.result.new_links.append(
            {
                "link_id": link["link_id"],
                "origin": link.get("origin", source),
                "generation": generation,
                "sc_id": row["remote_id"] if source == SC else None,
                "sf_id": row["remote_id"] if source == SF else None,
                "owner": user["sc_user_id"],
            }
        )
        seq = self.act(
            link_id=link["link_id"],
            side=target,
            op="create",
            marker=f"tb:{link['link_id']}:{generation}",
            rule=rule,
            sc_user_id=user["sc_user_id"],
            first_import=source == SF and rule == "C1" and bool(user["first_sync_owed"]),
            mask=ALL_FIELDS,
            person=row["person"] if self.policy.fill_person or target == SC else None,
            **values,
        )
        bases = {f"{PREFIX[source]}_{name}": row[name] for name in FIELDS}
        bases |= {f"{PREFIX[target]}_{name}": value for name, value in values.items()}
        bases |= {f"sc_{name}": value for name, value in inputs.items()}
        self.change(
            link, seq=seq, state="linked", sc_mask=ALL_FIELDS, sf_mask=ALL_FIELDS, inputs=True, **bases
        )

    def subject(self, values: Row) -> str | None:
        """T1, T2."""
        pieces = []
        for place, part in enumerate(self.parts):
            value = values[part] if place % 2 else part
            pieces.append(_TYPE_LABELS.get(value, value) if place % 2 and part == "type" else value)
        return _canonical(_cut("".join(piece or "" for piece in pieces).translate(_LINE_BREAKS), 255))

    # writing down

    def act(self, **columns: Any) -> int:
        seq = len(self.result.actions)
        action = _NO_ACTION | {"seq": seq, "state": "planned", "first_import": False} | columns
        self.result.actions.append(action)
        return seq

    def change(self, link: Row, **columns: Any) -> None:
        self.result.ledger_changes.append(_NO_CHANGE | {"link_id": link["link_id"]} | columns)

    def release(self, link: Row, rule: str) -> End:
        if link["state"] != "released":
            self.change(link, state="released")
        return ("released", rule)

    # ends

    def weigh(self) -> None:
        """G3: what is too much is held, field by field of an update; what a person answered is carried out."""
        drafted, changes = self.result.actions, self.result.ledger_changes
        weighing = _Weighing(self.given, drafted)
        waiting = {change["seq"]: change for change in changes if change["seq"] is not None}
        self.result.actions = []
        self.result.ledger_changes = [change for change in changes if change["seq"] is None]
        touched = set()
        for action in drafted:
            fates = {kind: weighing.fate(action, kind) for kind in _kinds(action, self.given.rerender)}
            if action["op"] == "update" and action["state"] != "held":
                self.weigh_fields(action, fates, waiting.get(action["seq"]), weighing)
            else:
                self.weigh_record(action, fates, waiting.get(action["seq"]), weighing)
            touched.add(action["link_id"])
        self.end_idle_pairs(touched)
        self.answer(weighing)

    def weigh_record(
        self, action: Row, fates: dict[str, str], change: Row | None, weighing: _Weighing
    ) -> None:
        """A create or a delete, and whatever the planner held itself, is one thing."""
        link_id, held_before = action["link_id"], action["state"] == "held"
        fate = next(iter(fates.values()), "free") if action["op"] != "update" else "held"
        if fate == "rejected":
            self.link_ends[link_id] = ("released", "rejected")
            self.result.new_links = [row for row in self.result.new_links if row["link_id"] != link_id]
            base = OTHER[action["side"]] if action["op"] == "create" else None
            released = {"seq": None, "state": "released", "withheld": self.kept_out.get(link_id, "rejected")}
            masks = {f"{prefix}_mask": ALL_FIELDS * (side == base) for side, prefix in PREFIX.items()}
            self.result.ledger_changes.append((change or {}) | released | masks | {"inputs": base == SC})
            return
        asks = request = None
        if fate == "approved":
            request = weighing.row(action, action["op"])["approval_id"]
            if held_before:
                self.link_ends[link_id] = ("planned", "G3")
        elif fate == "held":
            if action["op"] == "delete" or not held_before:
                asks, request = weighing.asks(action, action["op"]), weighing.waits_for(action, action["op"])
            if not held_before:
                self.end_held(link_id)
        rule = action["rule"] + (",G3" if fate == "held" and not held_before else "")
        counts = [kind for kind, one in fates.items() if one != "approved"]
        self.piece(
            action, change, action["mask"], state="held" if fate == "held" else "planned", rule=rule,
            kind=",".join(counts) or None, asks=asks, approval_id=request,
        )  # fmt: skip

    def weigh_fields(
        self, action: Row, fates: dict[str, str], change: Row | None, weighing: _Weighing
    ) -> None:
        rest, request, counts = action["mask"], None, []
        for kind, fate in fates.items():
            name = _FIELD_OF[kind]
            if fate in ("held", "rejected"):
                rest &= ~BIT[name]
            if fate == "free":
                counts.append(kind)
            if fate == "approved":
                request = weighing.row(action, kind)["approval_id"]
            if fate == "rejected":
                bit = {"seq": None, "sc_mask": BIT[name], "sf_mask": BIT[name], "inputs": name == "title"}
                present = {f"{PREFIX[action['side']]}_{name}": action[f"seen_{name}"]}
                self.result.ledger_changes.append((change or {}) | bit | present)
        if rest:
            kinds = ",".join(counts) or None
            self.piece(action, change, rest, state="planned", kind=kinds, approval_id=request)
        for kind, fate in fates.items():
            if fate == "held":
                self.piece(
                    action, change, BIT[_FIELD_OF[kind]], state="held", kind=kind, asks=kind,
                    rule=action["rule"] + ",G3", approval_id=weighing.waits_for(action, kind),
                )  # fmt: skip
                self.end_held(action["link_id"])
            elif fate == "rejected":
                self.left_idle.add(action["link_id"])

    def piece(self, action: Row, change: Row | None, mask: int, **columns: Any) -> None:
        """A part of an action, with its share of what the base follows."""
        seq = len(self.result.actions)
        self.result.actions.append(action | {"mask": mask, "seq": seq} | columns)
        if change is not None:
            part = mask if action["op"] == "update" else ALL_FIELDS
            share = {name: change[name] & part for name in ("sc_mask", "sf_mask")}
            inputs = change["inputs"] and bool(part & BIT["title"])
            self.result.ledger_changes.append(change | share | {"seq": seq, "inputs": inputs})

    def end_held(self, link_id: str) -> None:
        if link_id in self.sources:
            self.row_ends[self.sources[link_id]] = ("held", "G3")
        else:
            self.link_ends[link_id] = ("held", "G3")

    def end_idle_pairs(self, touched: set[str]) -> None:
        """A pair of which nothing is left to write."""
        busy = {action["link_id"] for action in self.result.actions}
        for link_id in (self.left_idle & touched) - busy:
            if self.link_ends[link_id][0] == "planned":
                self.link_ends[link_id] = ("unchanged", "rejected")

    def answer(self, weighing: _Weighing) -> None:
        """What becomes of each row that a person answered."""
        written = {(action["link_id"], action["side"], action["approval_id"]): action["seq"]
                   for action in self.result.actions if action["state"] == "planned"}  # fmt: skip
        for row in self.given.approvals:
            if row["answer"] is None:
                continue
            key = row["link_id"], row["side"], row["kind"]
            end, seq = None, None
            if row["row_id"] not in weighing.met:
                end = "left_out"
                self.result.left_out.append(
                    {
                        "link_id": row["link_id"],
                        "side": row["side"],
                        "field": _FIELD_OF.get(row["kind"]),
                        "code": "MOVED" if key in weighing.near else "NO_LONGER_PLANNED",
                    }
                )
            elif row["answer"] == "rejected":
                end = "rejected"
            else:
                seq = written[row["link_id"], row["side"], row["approval_id"]]
            self.result.answered.append({"row_id": row["row_id"], "seq": seq, "end": end})

    def dispose(self) -> None:
        """G5: a row ends as its pair does, unless it is in none or cannot be understood."""
        for side in (SC, SF):
            for remote_id in self.staged[side]:
                link_id = self.link_of.get((side, remote_id))
                end = self.row_ends.get((side, remote_id))
                disposition, rule = end if end is not None else self.link_ends[link_id or ""]
                self.result.dispositions.append(
                    {
                        "side": side,
                        "remote_id": remote_id,
                        "link_id": link_id,
                        "disposition": disposition,
                        "rule": rule,
                    }
                )


@dataclass
class _Verdict:
    """What becomes of one field: `value` goes to `target`, or nothing is written."""

    target: str | None = None
    value: Any = None
    contested: bool = False
    winner: str | None = None
    held: bool = False
    turning: bool = False
    outdated: bool = False


class _Pair:
    """A link with its staged rows, and what they say."""

    __slots__ = (
        "changed",
        "deleted",
        "inputs_changed",
        "link",
        "missing",
        "rows",
        "seen",
        "told",
        "withdrawn",
    )

    def __init__(self, link: Row, sc: Row | None, sf: Row | None) -> None:
        self.link = link
        self.rows = {SC: sc, SF: sf}
        self.seen = {}
        self.deleted = {}
        self.missing = {}
        self.withdrawn = {}
        self.told = {}
        self.changed = {}
        self.inputs_changed = False
        for side, row in self.rows.items():
            presence = row["presence"] if row is not None else None
            self.seen[side] = presence == "live" and row is not None and row["problem_code"] is None
            self.withdrawn[side] = link["withheld"] == f"withdrawn_from_{side}"
            proven = self.withdrawn[side] or link[f"{PREFIX[side]}_proof"] is not None
            self.deleted[side] = presence == "deleted" or (presence == "absent" and proven)
            self.missing[side] = presence == "absent" and not proven
            judged = link[f"{PREFIX[side]}_outside"] is not None and link[f"{PREFIX[side]}_proof"] is not None
            named = row is not None and row["owner"] is not None and presence == "deleted"
            self.told[side] = self.seen[side] or (named and not judged)
            self.changed[side] = (
                {name for name, base in _BASE_OF[side] if row[name] != link[base]}
                if row is not None and self.seen[side]
                else set()
            )
        if sc is not None and self.seen[SC]:
            self.inputs_changed = any(sc[name] != link[base] for name, base in _INPUT_BASES)

    @property
    def edited(self) -> bool:
        return bool(self.changed[SC] or self.changed[SF] or self.inputs_changed)

    @property
    def needs_attention(self) -> bool:
        if self.edited:
            return True
        if self.link["dirty"] or self.link["state"] != "linked":
            return True
        if self.link["sc_outside"] is not None or self.link["sf_outside"] is not None:
            return True
        return any(row is not None and not _live(row) for row in self.rows.values())

    def owner(self, side: str) -> str | None:
        """Whose the record is, or was when it was deleted."""
        row = self.rows[side]
        owner = row["owner"] if row is not None and self.told[side] else self.link[f"{PREFIX[side]}_owner"]
        return None if owner is None else str(owner)

    def taken_back(self, side: str) -> bool:
        """A copy that an undo took back is nobody's."""
        return bool(self.withdrawn[side] and self.deleted[side])

    def now(self, side: str, name: str) -> Any:
        row = self.rows[side]
        return row[name] if self.seen[side] and row is not None else self.link[f"{PREFIX[side]}_{name}"]

    def seen_values(self, side: str) -> Row:
        return {f"seen_{name}": self.now(side, name) for name in FIELDS}

    def edited_at(self, side: str) -> datetime | None:
        """K3: the person's last edit, as first seen with the difference, a write of ours aside."""
        prefix = PREFIX[side]
        row = self.rows[side]
        assert row is not None
        written = self.link[f"{prefix}_written_at"]
        ours = written is not None and row["modified_at"] is not None and row["modified_at"] <= written
        stamps = (
            self.link[f"{prefix}_changed_at"],
            None if ours else row["modified_at"],
            self.link[f"{prefix}_modified_at"],
        )
        return next((stamp for stamp in stamps if stamp is not None), None)


class _Crossing:
    """F2 to F5, C3, C4: how values cross."""

    def __init__(self, users: Iterable[Row], skipped: SkippedTasks) -> None:
        synced = [user for user in users if user["synced"]]
        statuses = {"open": "Not Started", "complete": "Completed"}
        priorities = {"normal": "Normal", "high": "High"}
        self.words: dict[tuple[str, str], dict[str, str]] = {
            (SF, "status"): statuses | ({"skipped": "Completed"} if skipped is SkippedTasks.COMPLETE else {}),
            (SC, "status"): {sf: sc for sc, sf in statuses.items()},
            (SF, "priority"): priorities,
            (SC, "priority"): {sf: sc for sc, sf in priorities.items()},
            (SF, "owner"): {user["sc_user_id"]: user["sf_user_id"] for user in synced},
            (SC, "owner"): {user["sf_user_id"]: user["sc_user_id"] for user in synced},
        }

    def to(self, side: str, name: str, value: Any) -> tuple[bool, Any]:
        """Whether a value of the other side can cross to `side`, and as what."""
        if name == "details" and side == SF:
            return True, _cut_comments(value)
        words = self.words.get((side, name))
        if words is None:
            return True, value
        return value in words, words.get(value)

    def created(self, side: str, name: str, value: Any) -> Any:
        """F7."""
        defaults = {
            (SC, "status"): "open",
            (SF, "status"): "Not Started",
            (SC, "priority"): "normal",
            (SF, "priority"): "Normal",
        }
        crosses, crossed = self.to(side, name, value)
        return crossed if crosses else defaults.get((side, name))


class _Weighing:
    """G3: which kinds are too many, for whom, and what people were asked and said."""

    def __init__(self, given: DictInput, actions: Iterable[Row]) -> None:
        self.given = given
        self.limits = given.policy.limits
        self.rows = {(row["link_id"], row["side"], row["kind"]): row for row in given.approvals}
        self.met: set[int] = set()  # rows that an action is the very same as
        self.near: set[tuple[str, str, str]] = set()  # rows that an action is about
        self.pairs: Counter[str | None] = Counter()
        for row in given.population:
            self.pairs[row["sc_user_id"]] += row["pairs"]
        planned = Counter(
            (kind, action["sc_user_id"])
            for action in actions
            for kind in _kinds(action, given.rerender)
            if self.counts(action, kind)
        )
        self.totals: dict[str, Counter[tuple[str, str | None]]] = {}
        for window in ("within_hour", "within_day"):
            self.totals[window] = Counter(planned)
            for row in given.history:
                self.totals[window][row["kind"], row["sc_user_id"]] += row[window]
        self.overall: dict[str, Counter[str]] = defaultdict(Counter)
        for window, totals in self.totals.items():
            for (kind, _), count in totals.items():
                self.overall[window][kind] += count

    def fate(self, action: Row, kind: str) -> str:
        """What becomes of the part of an action that is of one kind."""
        row = self.same(action, kind)
        if row is not None and row["answer"] is not None:
            return str(row["answer"])
        near = self.about(action, kind)
        if near is not None or (self.counts(action, kind) and self._too_many(kind, action["sc_user_id"])):
            return "held"
        return "held" if action["state"] == "held" and action["op"] != "update" else "free"

    def counts(self, action: Row, kind: str) -> bool:
        row = self.same(action, kind)
        if action["first_import"] or action["state"] == "held":
            return False
        return row is None or row["answer"] is None

    def about(self, action: Row, kind: str) -> Row | None:
        """The row that is about this effect, with whatever values."""
        if action["op"] == "update" and action["state"] == "held":
            return None
        key = action["link_id"], action["side"], self.asks(action, kind)
        if key in self.rows:
            self.near.add(key)
        return self.rows.get(key)

    def same(self, action: Row, kind: str) -> Row | None:
        """The row that is this very effect."""
        row = self.about(action, kind)
        if row is None:
            return None
        if any(row[name] != action[name] for name in _shown(kind)):
            return None
        self.met.add(row["row_id"])
        return row

    def row(self, action: Row, kind: str) -> Row:
        row = self.same(action, kind)
        assert row is not None
        return row

    def waits_for(self, action: Row, kind: str) -> int | None:
        row = self.same(action, kind)
        return None if row is None else row["approval_id"]

    def asks(self, action: Row, kind: str) -> str:
        return "missing" if action["doubt"] == "missing" else kind

    def _too_many(self, kind: str, user: str | None) -> bool:
        limits = self.limits[GuardKind(kind)]
        everybody = self.pairs.total()
        for window in ("within_hour", "within_day") if kind == "delete" else ("within_hour",):
            mine, all_of_it = self.totals[window][kind, user], self.overall[window][kind]
            if mine > max(limits.user_count, limits.user_share * self.pairs[user]):
                return True
            if all_of_it > max(limits.count, limits.share * everybody):
                return True
            small = limits.half_of_more_than
            if small is None:
                continue
            if any(
                pairs > small and count > pairs / 2
                for count, pairs in ((mine, self.pairs[user]), (all_of_it, everybody))
            ):
                return True
        return False


_FIELD_OF: Final = {"complete": "status", "owner": "owner", "due_date": "due_date", "subject": "title"}


def _kinds(action: Row, rerender: bool) -> list[str]:
    """What an action counts for (G3)."""
    if action["op"] != "update":
        return [action["op"]]
    written = action["mask"]
    done = "Completed" if action["side"] == SF else "complete"
    kinds = [
        ("complete", bool(written & BIT["status"]) and action["status"] == done),
        ("owner", bool(written & BIT["owner"])),
        ("due_date", bool(written & BIT["due_date"])),
        ("subject", bool(written & BIT["title"]) and rerender),
    ]
    return [kind for kind, counts in kinds if counts]


def _shown(kind: str) -> list[str]:
    """What a person saw of an effect of that kind."""
    if kind == "create":
        return list(FIELDS)
    if kind == "delete":
        return [f"seen_{name}" for name in FIELDS]
    return [_FIELD_OF[kind], f"seen_{_FIELD_OF[kind]}"]


def _in_step(link: Row, sc: Row | None, sf: Row | None) -> bool:
    """Most pairs: clean, linked, and what was read of them is what the base holds."""
    if link["dirty"] or link["state"] != "linked" or link["sc_id"] is None or link["sf_id"] is None:
        return False
    if link["sc_outside"] is not None or link["sf_outside"] is not None:
        return False
    return (sc is None or (_live(sc) and _VALUES[SC](sc) == _BASE[SC](link))) and (
        sf is None or (_live(sf) and _VALUES[SF](sf) == _BASE[SF](link))
    )


def _kept_out(link: Row) -> bool:
    return link["state"] == "released" and link["withheld"] is not None


def _live(row: Row) -> bool:
    return row["presence"] == "live" and row["problem_code"] is None


def _older(side: str, row: Row | None, link: Row) -> bool:
    """Whether a listing showed a record in an older version than what was seen last (G9)."""
    known = link[f"{PREFIX[side]}_version"]
    if row is None or known is None or row["version"] is None or link[f"{PREFIX[side]}_asked"]:
        return False
    return bool(row["version"] < known)


def _moved(row: Row, known: datetime | None) -> bool:
    return row["version"] is not None and row["version"] != known


def _carries_marker(row: Row) -> bool:
    return (row["marker"] or "").startswith("tb:")


def _canonical(text: str) -> str | None:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip() or None


def _cut(text: str, units: int) -> str:
    """At most so many UTF-16 code units, no code point split."""
    if len(text) * 2 <= units:
        return text
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", errors="ignore")


def _cut_comments(text: str | None) -> str | None:
    if text is None or len(text) * 2 <= 32_000:
        return text
    short = _cut(text, 32_000)
    return text if short == text else short.rstrip()


def _with_tail(edited: str | None, sc_base: str | None, sf_base: str | None) -> str | None:
    """F5: what Salesforce never held of the SC text follows what was edited in Salesforce."""
    whole, held = sc_base or "", sf_base or ""
    if len(whole) <= len(held):
        return edited
    tail = whole[len(held) :] if whole.startswith(held) else ""
    return _canonical((edited or "") + tail) if tail else edited


def _as_text(value: Any) -> str | None:
    return None if value is None else str(value)


def _as_json(values: Row) -> str:
    return json.dumps({name: _as_text(value) for name, value in values.items()}, ensure_ascii=False)
