"""Which records belong together, told from the records alone (G2, G8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import Columns, Flags, Positions, columns, equals, find, gather, take
from taskbridge.core.model import LEFT_OUT
from taskbridge.core.records import MARKER_PREFIX, UNNAMED, carries_marker, is_live, is_reminder
from taskbridge.core.rules import Rules
from taskbridge.core.terms import TEMPLATE_INPUTS, Side

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE
_SIDE_OF: Final = {side.prefix: side for side in Side}

PARSED: Final = (
    rf"^{MARKER_PREFIX}(?P<link>(?P<origin>sc|sf):(?P<system>.+):(?P<record>[^:]+))"
    r":(?P<generation>[0-9]{1,9})$"
)
"""A marker's parts; its link id names the record in which the pair began."""

PAIRS: Final = ("link_id", "origin", "generation", "sc_id", "sf_id", "sc_place", "sf_place")
"""Columns of the pairs that were found; a place is a record's position among its side's staged rows, or -1."""

# Why a record that carries a marker, or has its double, is in no pair.
_REASONS: Final = {
    "MARKER_FOREIGN": "its marker was given by another org or account, or is none of ours",
    "MARKER_TAKEN": "its marker belongs to a pair that has another record here",
    "MARKER_TWICE": "more than one record carries a marker of this pair and generation, expected one",
    "ORIGINAL_TAKEN": "its marker names an original that is in another pair",
    "ORIGINAL_ONLY": "no record of the other system carries a marker of its pair",
    "OLDER_LIVE": "an earlier record of its pair is live as well",
    "SEVERAL_ALIKE": "more than one record agrees with it in everything, expected one on each side",
}


@dataclass(frozen=True)
class Population:
    """A side that was read whole: its staged rows, the place of their pair or -1, and which are live."""

    rows: Columns
    pair: Positions
    live: Flags

    @classmethod
    def of(cls, staged: pd.DataFrame) -> Population:
        rows = columns(staged)
        return cls(rows, staged["pair"].to_numpy(), is_live(rows))


Populations = Mapping[Side, Population]


@dataclass(frozen=True)
class Found:
    """Pairs (PAIRS), and the staged rows that a person has to look at, with reasons (LEFT_OUT)."""

    pairs: pd.DataFrame
    unclear: Mapping[Side, Positions]
    left_out: pd.DataFrame

    def and_then(self, more: Found) -> Found:
        return Found(
            pd.concat([self.pairs, more.pairs], ignore_index=True),
            {side: np.concatenate([self.unclear[side], more.unclear[side]]) for side in Side},
            pd.concat([self.left_out, more.left_out], ignore_index=True),
        )


def by_marker(read: Populations, rules: Rules, known: pa.Array) -> Found:
    """Pairs whose markers leave no doubt. On each side the newest generation counts, the original being the
    oldest; records and link ids that the ledger knows (`known`) are left as they are."""
    carriers = pd.concat([_carriers(read[side], side) for side in Side], ignore_index=True)
    own = _is_ours(carriers, rules)
    problems = [_problem(carriers[~own & carriers["live"]], "MARKER_FOREIGN")]
    carriers = carriers[own]
    taken = carriers["link_id"].isin(known.to_pandas())
    problems.append(_problem(carriers[taken & carriers["live"]], "MARKER_TAKEN"))
    carriers = carriers[~taken]
    members = pd.concat([carriers, _originals(read, carriers)], ignore_index=True)
    for code, doubtful in _DOUBTS.items():
        affected = members["link_id"].isin(doubtful(read, members))
        problems.append(_problem(members[affected & (members["generation"] > 0)], code))
        members = members[~affected]
    return _found(_joined(_newest(members)), pd.concat(problems))


def by_likeness(read: Populations, rules: Rules, found: Found) -> Found:
    """Pairs of live records without a marker, of synced users, that agree in everything that is mapped and
    are the only ones of their likeness on both sides. The older one is taken for the original."""
    free = {side: _free(read[side], side, rules, found) for side in Side}
    keys = {_SC: _key_as_salesforce(read[_SC], rules, free[_SC]), _SF: _key(read[_SF], free[_SF])}
    frames = {
        side: pd.DataFrame(
            {
                "side": side.value,
                "place": free[side],
                "remote_id": take(read[side].rows["remote_id"], free[side]).to_pandas(),
                "created_at": take(read[side].rows["created_at"], free[side]).to_pandas(),
                "key": keys[side].to_pandas(),
            }
        ).dropna(subset=["key"])
        for side in Side
    }
    both = set(frames[_SC]["key"]) & set(frames[_SF]["key"])
    alike = pd.concat([part[part["key"].isin(both)] for part in frames.values()], ignore_index=True)
    several = alike["key"].isin(alike.loc[alike.duplicated(["side", "key"]), "key"])
    problem = _problem(alike[several].assign(link_id=None), "SEVERAL_ALIKE")
    one = alike[~several]
    pairs = one[one["side"] == _SC].merge(one[one["side"] == _SF], on="key", suffixes=("_sc", "_sf"))
    from_sf = pairs["created_at_sf"] < pairs["created_at_sc"]
    links = np.where(
        from_sf,
        f"sf:{rules.systems[_SF]}:" + pairs["remote_id_sf"].astype(object),
        f"sc:{rules.systems[_SC]}:" + pairs["remote_id_sc"].astype(object),
    )
    made = pd.DataFrame(
        {
            "link_id": links,
            "origin": np.where(from_sf, _SF.value, _SC.value),
            "generation": np.ones(len(pairs), np.int64),
            **{f"{name}_id": pairs[f"remote_id_{name}"] for name in ("sc", "sf")},
            **{f"{name}_place": pairs[f"place_{name}"] for name in ("sc", "sf")},
        },
        columns=PAIRS,
    )
    return _found(made, problem)


# markers


def _names_a_pair(rows: Columns) -> Flags:
    """Records whose marker tells which pair they belong to."""
    return carries_marker(rows) & ~equals(rows["marker"], UNNAMED)


def _carriers(staged: Population, side: Side) -> pd.DataFrame:
    """Staged records in no pair that carry a marker, with its parts."""
    rows = np.flatnonzero(_names_a_pair(staged.rows) & (staged.pair < 0))
    parts = pc.extract_regex(take(staged.rows["marker"], rows), PARSED)
    part = {
        name: pc.struct_field(parts, name) for name in ("link", "origin", "system", "record", "generation")
    }
    return pd.DataFrame(
        {
            "side": side.value,
            "place": rows,
            "remote_id": take(staged.rows["remote_id"], rows).to_pandas(),
            "link_id": part["link"].to_pandas(),
            "origin": part["origin"].to_pandas(),
            "system": part["system"].to_pandas(),
            "record": part["record"].to_pandas(),
            "generation": pc.fill_null(part["generation"].cast(pa.int64()), 0).to_pandas(),
            "live": staged.live[rows],
        }
    )


def _is_ours(carriers: pd.DataFrame, rules: Rules) -> pd.Series[bool]:
    systems = carriers["origin"].map({side.prefix: name for side, name in rules.systems.items()})
    ours: pd.Series[bool] = carriers["system"].notna() & (carriers["system"] == systems)
    return ours


def _originals(read: Populations, carriers: pd.DataFrame) -> pd.DataFrame:
    """The records that the markers name, as generation 0; their place is -1 where they were not read."""
    named = carriers[["link_id", "origin", "record"]].drop_duplicates()
    parts = []
    for prefix, side in _SIDE_OF.items():
        here = named[named["origin"] == prefix]
        place = find(pa.array(here["record"], pa.string()), read[side].rows["remote_id"])
        parts.append(
            here.assign(
                side=side.value,
                place=place,
                remote_id=here["record"],
                generation=0,
                live=gather(read[side].live, place),
            )
        )
    return pd.concat(parts, ignore_index=True)


def _originals_taken(read: Populations, members: pd.DataFrame) -> pd.Series[str]:
    taken = pd.Series(False, index=members.index)
    for side in Side:
        linked = read[side].rows["remote_id"].filter(pa.array(read[side].pair >= 0))
        here = members["side"] == side
        taken |= here & members["remote_id"].isin(linked.to_pandas())
    shared = members.groupby(["side", "remote_id"])["link_id"].transform("nunique") > 1
    links: pd.Series[str] = members.loc[taken | shared, "link_id"]
    return links


def _twice(read: Populations, members: pd.DataFrame) -> pd.Series[str]:
    twice: pd.Series[str] = members.loc[members.duplicated(["link_id", "side", "generation"]), "link_id"]
    return twice


def _older_live(read: Populations, members: pd.DataFrame) -> pd.Series[str]:
    newest = members.groupby(["link_id", "side"])["generation"].transform("max")
    return members.loc[members["live"] & (members["generation"] < newest), "link_id"]


def _one_sided(read: Populations, members: pd.DataFrame) -> pd.Series[str]:
    sides = members.groupby("link_id")["side"].transform("nunique")
    return members.loc[sides < len(Side), "link_id"]


_DOUBTS: Final = {
    "ORIGINAL_TAKEN": _originals_taken,
    "MARKER_TWICE": _twice,
    "OLDER_LIVE": _older_live,
    "ORIGINAL_ONLY": _one_sided,
}
"""Each tells the link ids of which the code is true; the first word stands."""


def _newest(members: pd.DataFrame) -> pd.DataFrame:
    return members.sort_values("generation").drop_duplicates(["link_id", "side"], keep="last")


def _joined(newest: pd.DataFrame) -> pd.DataFrame:
    """One row for each pair (PAIRS)."""
    columns = ["link_id", "remote_id", "place", "generation"]
    sides = {side: newest.loc[newest["side"] == side, columns] for side in Side}
    pairs = sides[_SC].merge(sides[_SF], on="link_id", suffixes=("_sc", "_sf")).sort_values("link_id")
    origin = (
        pairs["link_id"]
        .astype(object)
        .str.slice(0, 2)
        .map({key: side.value for key, side in _SIDE_OF.items()})
    )
    return pd.DataFrame(
        {
            "link_id": pairs["link_id"],
            "origin": origin,
            "generation": pairs[["generation_sc", "generation_sf"]].max(axis="columns"),
            **{f"{name}_id": pairs[f"remote_id_{name}"] for name in ("sc", "sf")},
            **{f"{name}_place": pairs[f"place_{name}"] for name in ("sc", "sf")},
        },
        columns=PAIRS,
    ).reset_index(drop=True)


# likeness


def _free(staged: Population, side: Side, rules: Rules, found: Found) -> Positions:
    """Live records of synced users in no pair and without a marker; of Salesforce, reminders (C2, S2)."""
    users = rules.people.place(side, staged.rows["owner"])
    free: Flags = staged.live & (staged.pair < 0) & ~_names_a_pair(staged.rows)
    free &= rules.people.synced(users)
    if side is _SF:
        free &= is_reminder(staged.rows, logged_activities=rules.policy.include_logged_activities)
    places = found.pairs[f"{side.prefix}_place"].to_numpy(np.int64)
    free[places[places >= 0]] = False
    return np.flatnonzero(free)


def _key(staged: Population, rows: Positions) -> pa.Array:
    """A Salesforce record's mapped values as one text."""
    names = ("owner", "title", "due_date", "details", "priority", "status")
    return _joined_text([take(staged.rows[name], rows) for name in names])


def _key_as_salesforce(staged: Population, rules: Rules, rows: Positions) -> pa.Array:
    """The same of a Sales Connect record as it would cross; null where a value cannot."""
    values = {name: take(staged.rows[name], rows) for name in ("title", *TEMPLATE_INPUTS)}
    can = np.ones(len(rows), np.bool_)
    crossed = {}
    for name in ("owner", "due_date", "details", "priority", "status"):
        crossed[name] = rules.crossing.to(_SF, name, take(staged.rows[name], rows))
        can &= crossed[name].can
    texts = [
        crossed["owner"].values,
        rules.template.render(values, len(rows)),
        *(crossed[name].values for name in ("due_date", "details", "priority", "status")),
    ]
    return pc.if_else(pa.array(can), _joined_text(texts), pa.scalar(None, pa.string()))


def _joined_text(columns: list[pa.Array]) -> pa.Array:
    texts = [pc.cast(column, pa.string()) for column in columns]
    return pc.binary_join_element_wise(*texts, "\x1f", null_handling="replace", null_replacement="\x00")


# what is told


def _problem(rows: pd.DataFrame, code: str) -> pd.DataFrame:
    told = rows.assign(code=code)
    return told[["link_id", "side", "place", "remote_id", "code"]]


def _found(pairs: pd.DataFrame, problems: pd.DataFrame) -> Found:
    problems = problems.drop_duplicates(["side", "place"]).sort_values(["side", "remote_id"])
    reasons = problems["code"].map(_REASONS).astype(object)
    systems = problems["side"].map({side.value: side.system for side in Side}).astype(object)
    told = pd.DataFrame(
        {
            "link_id": problems["link_id"],
            "side": problems["side"],
            "field": None,
            "code": problems["code"],
            "reason": systems + " task " + problems["remote_id"].astype(object) + ": " + reasons,
        },
        columns=LEFT_OUT.names,
    )
    unclear = {side: problems.loc[problems["side"] == side, "place"].to_numpy(np.int64) for side in Side}
    return Found(pairs, unclear, told.reset_index(drop=True))
