"""Opening a run: lease, schema, who the sides are, the time windows, and who takes part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pandas as pd

from taskbridge.core.arrays import to_table
from taskbridge.core.run import Run, RunMode, RunSpec, Window
from taskbridge.core.terms import Side
from taskbridge.core.users import USER_MAP, Moment, map_users, names_nobody
from taskbridge.engine.deciding.contract import due_to_look, take_in
from taskbridge.engine.engine import Engine
from taskbridge.engine.on_demand.approval import answered
from taskbridge.engine.on_demand.undo import check
from taskbridge.engine.pause import refuse_paused
from taskbridge.engine.people import nobody_named
from taskbridge.engine.ports import SideInfo
from taskbridge.engine.usage import keep_usage
from taskbridge.errors import LedgerEmpty, SettingsInvalid, SideIdentityChanged
from taskbridge.store.sides import LedgerState

BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""No task of either system is older."""

_NAMES = {Side.SALES_CONNECT: "Sales Connect account", Side.SALESFORCE: "Salesforce org"}
_CONNECTIONS = {Side.SALES_CONNECT: "sales_connect_default", Side.SALESFORCE: "salesforce_default"}


def open_run(engine: Engine, spec: RunSpec, *, waits: bool = False) -> Run | None:
    """Opens the run, or answers None while another run holds the lease or waits for longer. `waits`: whoever calls
    will ask again, so the run takes its place in the line.

    Reads both sides' users (one call each), whose answers carry the servers' clocks; once an hour the contract comes
    with them. Who took part and is not listed is looked up by id. Opening a run that is open already reads nothing.

    Raises SchemaBehind, SideIdentityChanged, LedgerEmpty (G8), SettingsInvalid, ContractBroken, ApprovalClosed,
    SidePaused (nobody was called then), and what the sides raise; the lease is given back then.
    """
    ledger = engine.ledger
    with ledger.transaction():
        ledger.check_schema()
        refuse_paused(ledger)
        fencing = ledger.runs.take_lease(spec.run_key, engine.settings.lease, waits=waits)
        if fencing is None:
            return None
        known = ledger.runs.run_by_key(spec.run_key)
        if known is not None:
            return ledger.runs.open_run(spec, fencing, known.windows, known.started, known.features)
        if spec.mode is RunMode.APPROVAL:
            spec = replace(spec, asked_by=answered(ledger, spec).answered_by)
        state, looks = ledger.sides.state(), due_to_look(engine, spec)
    try:
        check(ledger, spec, engine.settings.approvers)
        run = _open(engine, spec, fencing, state, looks=looks)
    except BaseException:
        ledger.runs.release_lease(spec.run_key)
        keep_usage(engine, None)
        raise
    keep_usage(engine, run)
    return run


def _open(engine: Engine, spec: RunSpec, fencing: int, state: LedgerState, *, looks: bool) -> Run:
    ledger = engine.ledger
    infos = {side: engine.sides[side].connect(describe=looks and side is Side.SALESFORCE) for side in Side}
    _check_identities(engine, infos, state, may_be_empty=spec.mode is RunMode.REBASE)
    started = {side: info.server_now for side, info in infos.items()}
    notes = _blind_spots(engine, state)
    windows = {side: _window(engine, spec, infos[side], state, notes) for side in Side}
    known = ledger.people.user_map()
    people = {side: _people(engine, infos[side], known, notes) for side in Side}
    notes += _names_of_nobody(engine, known, people)
    users = map_users(
        known,
        people[Side.SALES_CONNECT],
        people[Side.SALESFORCE],
        engine.settings.user_map,
        schema=USER_MAP,
        ledger_started=_moment({**started, **state.started}),
        read_from=_moment(
            {side: _position(infos[side], state)[0] - engine.settings.overlap for side in Side}
        ),
        now=_moment(started),
    )
    with ledger.transaction():
        # A look is no switch-on: tasks from between a dry run and the first real one must not count as new (S2).
        if not spec.only_looks and len(state.started) < len(started):
            ledger.sides.start(started)
        run = ledger.runs.open_run(spec, fencing, windows, started, infos[Side.SALES_CONNECT].features, notes)
        if not _same(known, users):
            ledger.people.save_user_map(run, users)
    _refuse_unknown(spec, users)
    take_in(engine, run, infos[Side.SALESFORCE].contract)
    if not spec.mode.syncs and not spec.mode.reads_everything:
        ledger.runs.choose_pairs(run)
    return run


def _refuse_unknown(spec: RunSpec, users: pd.DataFrame) -> None:
    """Raises SettingsInvalid when the run is asked for users whom Sales Connect does not have."""
    names = {str(value).casefold() for name in ("sc_user_id", "email") for value in users[name].dropna()}
    unknown = [user for user in spec.users if user.casefold() not in names]
    if unknown:
        raise SettingsInvalid(
            f"The parameter users names {', '.join(unknown)}, which no Sales Connect user has as id or "
            f"e-mail address; known: {', '.join(sorted(names))}."
        )


def _same(known: pd.DataFrame, users: pd.DataFrame) -> bool:
    """Whether two USER_MAP frames say the same: the map is made in every run and changes in few."""
    one, other = (to_table(each, USER_MAP).sort_by("sc_user_id") for each in (known, users))
    return bool(one.equals(other))


def _moment(clocks: Mapping[Side, datetime]) -> Moment:
    return Moment(clocks[Side.SALES_CONNECT], clocks[Side.SALESFORCE])


def _check_identities(
    engine: Engine, infos: Mapping[Side, SideInfo], state: LedgerState, *, may_be_empty: bool
) -> None:
    """Another org or account than before halts; so does an empty ledger over sides that hold our records, unless
    the run is there to fill it (G8)."""
    known = state.identities
    for side, info in infos.items():
        if side in known and known[side] != info.identity:
            raise SideIdentityChanged(
                f"The connection {_CONNECTIONS[side]} leads to {_NAMES[side]} {info.identity}, but this ledger was "
                f"built from {known[side]}. Correct the connection, or give the other one a database of its own."
            )
    if not may_be_empty and not state.has_pairs:
        for side in infos:
            if engine.sides[side].carries_markers():
                raise LedgerEmpty(
                    f"The ledger knows no pair, yet {_NAMES[side]} {infos[side].identity} holds tasks that TaskBridge "
                    "created: running now would double them. If the database is the right one, run the DAG "
                    "task_sync_audit with mode=rebase, which finds the pairs again; else correct taskbridge_db."
                )
    for side, info in infos.items():
        if side not in known:
            engine.ledger.sides.remember_identity(side, info.identity)


def _blind_spots(engine: Engine, state: LedgerState) -> list[str]:
    if state.has_pairs:
        return []
    return [
        f"{_NAMES[side]} has no marker field, so a lost ledger looks like a new one (G8): if it was not new, stop here."
        for side in Side
        if not engine.sides[side].marks
    ]


def _names_of_nobody(
    engine: Engine, known: pd.DataFrame, people: Mapping[Side, pd.DataFrame]
) -> Iterator[str]:
    """Names in the setting user_map that nobody has: one typo need not stop everybody (S2)."""
    chosen = engine.settings.user_map
    strange = names_nobody(chosen, known, people[Side.SALES_CONNECT], people[Side.SALESFORCE])
    return (nobody_named(Side(side), names) for side, names in strange.items() if names)


def _people(engine: Engine, info: SideInfo, known: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Everybody whom a side lists, and who is there though this listing does not show them (S2)."""
    counted_on = known.loc[known["state"] != "inactive", f"{info.side.prefix}_user_id"].dropna()
    unlisted = sorted(set(counted_on) - set(info.users["user_id"]))
    if not unlisted:
        return info.users
    found = engine.sides[info.side].read_users(unlisted)
    if len(found):
        notes.append(
            f"{info.side.system} did not list {', '.join(sorted(found['user_id']))}, who are there by id (S2)."
        )
    return pd.concat([info.users, found], ignore_index=True)


def _window(engine: Engine, spec: RunSpec, info: SideInfo, state: LedgerState, notes: list[str]) -> Window:
    """The stamps to read, by the server's clock: from the watermark minus the overlap to now, or as asked."""
    if spec.window is not None:
        return spec.window
    now = info.server_now
    if spec.mode.reads_everything:
        return Window(BEGINNING, now)
    position, ahead = _position(info, state)
    if ahead is not None:
        if spec.moves_watermarks:
            engine.ledger.sides.revert_watermark(info.side)
        notes.append(
            f"The watermark of {info.side} ({ahead.isoformat()}) was ahead of the server's clock "
            f"({now.isoformat()}): went back to {position.isoformat()}."
        )
    return Window(position - engine.settings.overlap, now)


def _position(info: SideInfo, state: LedgerState) -> tuple[datetime, datetime | None]:
    """Up to where a side was read; and its watermark, if the clock is behind it (G8)."""
    now, mark = info.server_now, state.watermarks.get(info.side)
    if mark is None:
        return now, None
    # What a clock stamped since it was put right is no older than the time that has passed.
    passed = now - max(mark.age, timedelta(0))
    if mark.position <= now:
        return min(mark.position, passed), None
    previous = mark.previous if mark.previous is not None and mark.previous <= now else now
    return min(previous, passed), mark.position
