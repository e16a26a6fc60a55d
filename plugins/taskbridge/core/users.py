"""Who takes part: users matched once by e-mail address, then known by their ids (S2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.frames import frame, rows_of

_STAMP = pa.timestamp("us", tz="UTC")

USER_MAP: Final = pa.schema(
    [
        ("sc_user_id", pa.string()),
        ("sf_user_id", pa.string()),  # null while unmapped
        ("email", pa.string()),
        ("name", pa.string()),
        ("time_zone", pa.string()),
        ("state", pa.string()),  # synced, off, unmapped, ambiguous, refused, inactive
        ("remedy", pa.string()),  # null when synced
        ("sync_on_since", _STAMP),
        ("mapped_at_sc", _STAMP),  # first run in which both records existed, by each server's clock
        ("mapped_at_sf", _STAMP),
        ("switched_on_sc", _STAMP),  # effective switch-on (S2)
        ("switched_on_sf", _STAMP),
        ("first_sync", pa.string()),  # owed, settled; null while never switched on
        ("seen_off", pa.bool_()),  # the user's own switch was off since it last took part (I5)
        ("unread_since_sc", _STAMP),  # since when its tasks were read and not taken in; null: none are owed
        ("unread_since_sf", _STAMP),
    ]
)
"""`bridge.user_map` as a frame."""


def chosen(user_map: pa.Table, names: Sequence[str]) -> pa.ChunkedArray:
    """Of each user whether `names` have them, Sales Connect ids and e-mail addresses in any case; without names all."""
    if not names:
        return pa.chunked_array([pa.repeat(True, len(user_map))])
    known = pa.array([name.casefold() for name in names], pa.string())
    by_address = pc.is_in(pc.utf8_lower(user_map["email"]), known)
    return pc.or_(pc.is_in(user_map["sc_user_id"], known), by_address)


_REMEDIES: Mapping[str, str] = {
    "off": "switch on the Salesforce task sync in the user's Sales Connect settings",
    "inactive": "activate the user in both systems, or leave it: tasks of inactive users stay where they are",
    "unmapped": "give both users the same e-mail address, or name the pair in the setting user_map",
    "ambiguous": "several active users share this e-mail address: name the pair in the setting user_map",
    "refused": "another Sales Connect user is mapped to the same Salesforce user: correct the setting user_map",
}


@dataclass(frozen=True)
class Moment:
    """One moment by both servers' clocks."""

    sales_connect: datetime
    salesforce: datetime


def map_users(
    known: pd.DataFrame,
    sales_connect: pd.DataFrame,
    salesforce: pd.DataFrame,
    chosen: Mapping[str, str],
    *,
    schema: pa.Schema,
    ledger_started: Moment,
    read_from: Moment,
    now: Moment,
) -> pd.DataFrame:
    """The user map after a look at both systems' users.

    `known` is the map so far and `schema` its schema; `sales_connect` and `salesforce` list the people of each
    side (user_id, email, name, active, standard, time_zone, sync_on, sync_on_since). `chosen` maps a Sales
    Connect user (id or e-mail address) to a Salesforce user (id or e-mail address) and overrides the matching.

    A stored pair keeps its ids whatever becomes of the e-mail addresses. The effective switch-on is the latest of
    the user's own switch, the ledger's start and the mapping; it stays in the row while the user is away, and a
    later switch-on replaces it and makes a first sync owed again. Of somebody who was seen off and tells no new
    stamp it is the moment of this look. Tasks of who is away are unread from `read_from` on, up to where both
    sides were read with that user taking part.
    """
    before = {str(row["sc_user_id"]): row for row in rows_of(known)}
    people = rows_of(sales_connect)
    partners = _partners(people, rows_of(salesforce), before, chosen)
    rows = [
        _mapped(
            person, partners[str(person["user_id"])], before.get(str(person["user_id"])), ledger_started, now
        )
        for person in people
    ]
    rows += [
        {**row, "state": "inactive", "remedy": _REMEDIES["inactive"]}
        for sc_user_id, row in before.items()
        if sc_user_id not in partners
    ]
    followed = [_followed(row, before.get(str(row["sc_user_id"])), read_from) for row in rows]
    return frame(pa.Table.from_pylist(followed, schema=schema))


@dataclass(frozen=True)
class _Partner:
    sf_user_id: str | None
    state: str  # "found" or one of the states of a user who takes no part


def _partners(
    people: list[dict[str, object]],
    salesforce: list[dict[str, object]],
    before: Mapping[str, dict[str, object]],
    chosen: Mapping[str, str],
) -> dict[str, _Partner]:
    usable = {str(user["user_id"]): user for user in salesforce if user["active"] and user["standard"]}
    by_email: dict[str, list[str]] = {}
    for user_id, user in usable.items():
        by_email.setdefault(_address(user), []).append(user_id)
    shared: dict[str, int] = {}
    for person in people:
        if person["active"]:
            shared[_address(person)] = shared.get(_address(person), 0) + 1
    wishes = {_key(name): target for name, target in chosen.items()}
    partners = {}
    for person in people:
        wish = wishes.get(_key(person["user_id"])) or wishes.get(_address(person))
        stored = before.get(str(person["user_id"]), {}).get("sf_user_id")
        partners[str(person["user_id"])] = _partner(person, wish, stored, usable, by_email, shared)
    return _refuse_shared(partners)


def _partner(
    person: Mapping[str, object],
    wish: str | None,
    stored: object,
    usable: Mapping[str, object],
    by_email: Mapping[str, list[str]],
    shared: Mapping[str, int],
) -> _Partner:
    if wish is not None:
        named = _spellings(usable).get(wish.strip())
        found = [named] if named is not None else by_email.get(_key(wish), [])
        return _Partner(found[0], "found") if len(found) == 1 else _Partner(None, "unmapped")
    if stored is not None:
        return _Partner(str(stored), "found" if stored in usable and person["active"] else "inactive")
    if not person["active"]:
        return _Partner(None, "inactive")
    candidates = by_email.get(_address(person), [])
    if not candidates or not _address(person):
        return _Partner(None, "unmapped")
    if len(candidates) > 1 or shared[_address(person)] > 1:
        return _Partner(None, "ambiguous")
    return _Partner(candidates[0], "found")


def names_nobody(
    chosen: Mapping[str, str], known: pd.DataFrame, sales_connect: pd.DataFrame, salesforce: pd.DataFrame
) -> dict[str, list[str]]:
    """Names of the explicit map that no user of Sales Connect ("sales_connect") or of Salesforce has as id or e-mail
    address. Who was ever mapped counts, also when the system does not know that user any more."""
    people = {_key(name) for column in (known["sc_user_id"], known["email"]) for name in column.dropna()}
    people |= {_key(name) for column in ("user_id", "email") for name in sales_connect[column].dropna()}
    there = {_key(name) for name in salesforce["email"].dropna()}
    ids = _spellings([*salesforce["user_id"], *known["sf_user_id"].dropna()])
    return {
        "sales_connect": [name for name in chosen if _key(name) not in people],
        "salesforce": [
            name for name in chosen.values() if name.strip() not in ids and _key(name) not in there
        ],
    }


def _spellings(user_ids: Iterable[str]) -> dict[str, str]:
    """Salesforce ids by themselves and by their first 15 characters, which mean the same."""
    return {spelling: user_id for user_id in user_ids for spelling in (user_id[:15], user_id)}


def _refuse_shared(partners: dict[str, _Partner]) -> dict[str, _Partner]:
    """Two Sales Connect users on one Salesforce user: neither takes part."""
    holders: dict[str, list[str]] = {}
    for sc_user_id, partner in partners.items():
        if partner.sf_user_id is not None and partner.state == "found":
            holders.setdefault(partner.sf_user_id, []).append(sc_user_id)
    for claimants in holders.values():
        if len(claimants) > 1:
            partners.update({claimant: _Partner(None, "refused") for claimant in claimants})
    return partners


def _mapped(
    person: Mapping[str, object],
    partner: _Partner,
    before: Mapping[str, object] | None,
    ledger_started: Moment,
    now: Moment,
) -> dict[str, object]:
    row: dict[str, object] = dict(before or {})
    same = (
        before is not None
        and before["sf_user_id"] == partner.sf_user_id
        and before["mapped_at_sc"] is not None
    )
    row |= {
        "sc_user_id": person["user_id"],
        "sf_user_id": partner.sf_user_id if partner.sf_user_id is not None else row.get("sf_user_id"),
        "email": person["email"],
        "name": person["name"],
        "time_zone": person["time_zone"],
        "state": partner.state,
        "seen_off": bool(row.get("seen_off")) or not person["sync_on"],
    }
    if partner.state == "found":
        if not same:
            row |= {"mapped_at_sc": now.sales_connect, "mapped_at_sf": now.salesforce}
        row["state"] = "synced" if person["sync_on"] and person["active"] else "off"
        if row["state"] == "synced":
            row |= _switch_on(row, person["sync_on_since"], ledger_started, now) | {"seen_off": False}
    elif partner.state == "refused":
        row["sf_user_id"] = None
    row["remedy"] = _REMEDIES.get(str(row["state"]))
    return row


def _switch_on(
    row: Mapping[str, object], since: object, ledger_started: Moment, now: Moment
) -> dict[str, object]:
    """The effective switch-on, by both clocks; a new one makes a first sync owed."""
    known = row.get("switched_on_sc")
    stamped = since is not None and since != row.get("sync_on_since")
    if isinstance(known, datetime) and not stamped:
        if row["seen_off"]:
            looked = {"switched_on_sc": now.sales_connect, "switched_on_sf": now.salesforce}
            return looked | {"first_sync": "owed"}
        if known >= _latest(since, ledger_started.sales_connect, row["mapped_at_sc"]):
            return {}
    # The user's own switch is told by Sales Connect's clock only: the distance of the clocks carries it over.
    carried = since + (now.salesforce - now.sales_connect) if isinstance(since, datetime) else None
    return {
        "sync_on_since": since,
        "switched_on_sc": _latest(since, ledger_started.sales_connect, row["mapped_at_sc"]),
        "switched_on_sf": _latest(carried, ledger_started.salesforce, row["mapped_at_sf"]),
        "first_sync": "owed",
    }


def _followed(
    row: dict[str, object], before: Mapping[str, object] | None, read_from: Moment
) -> dict[str, object]:
    """The row with since when tasks of this user were read and not taken in; a run that has read them ends it."""
    was, takes_part = before is not None and before["state"] == "synced", row["state"] == "synced"
    if was == takes_part or row.get("unread_since_sc") is not None:
        return row
    if was:
        return row | {"unread_since_sc": read_from.sales_connect, "unread_since_sf": read_from.salesforce}
    return row | {"unread_since_sc": row["switched_on_sc"], "unread_since_sf": row["switched_on_sf"]}


def _latest(*stamps: object) -> datetime:
    return max(stamp for stamp in stamps if isinstance(stamp, datetime))


def _key(name: object) -> str:
    return str(name).strip().casefold()


def _address(user: Mapping[str, object]) -> str:
    return "" if user["email"] is None else _key(user["email"])
