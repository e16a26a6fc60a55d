"""Opening a run: lease, schema, who the sides are, the time windows, and who takes part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pandas as pd

from taskbridge.core.model import Side
from taskbridge.core.users import Moment, map_users, names_nobody
from taskbridge.engine.approval import answered
from taskbridge.engine.contract import due_to_look, take_in
from taskbridge.engine.engine import Engine
from taskbridge.engine.pause import refuse_paused
from taskbridge.engine.people import nobody_named
from taskbridge.engine.ports import USER_MAP, Run, RunMode, RunSpec, SideInfo, Window
from taskbridge.engine.undo import check
from taskbridge.engine.usage import keep_usage
from taskbridge.errors import LedgerEmpty, SettingsInvalid, SideIdentityChanged

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
    ledger.check_schema()
    refuse_paused(ledger)
    fencing = ledger.take_lease(spec.run_key, engine.settings.lease, waits=waits)
    if fencing is None:
        return None
    try:
        known = ledger.run_by_key(spec.run_key)
        if known is not None:
            return ledger.open_run(spec, fencing, known.windows, known.started, known.features)
        run = _open(engine, spec, fencing)
    except BaseException:
        ledger.release_lease(spec.run_key)
        keep_usage(engine, None)
        raise
    keep_usage(engine, run)
    return run


def _open(engine: Engine, spec: RunSpec, fencing: int) -> Run:
    ledger = engine.ledger
    if spec.mode is RunMode.APPROVAL:
        spec = replace(spec, asked_by=answered(ledger, spec).answered_by)
    check(ledger, spec, engine.settings.approvers)
    asks = {Side.SALESFORCE: due_to_look(engine, spec)}
    infos = {side: engine.sides[side].connect(describe=asks.get(side, False)) for side in Side}
    _check_identities(engine, infos, may_be_empty=spec.mode is RunMode.REBASE)
    started = {side: info.server_now for side, info in infos.items()}
    notes = _blind_spots(engine)
    windows = {side: _window(engine, spec, infos[side], notes) for side in Side}
    # A look is no switch-on: tasks from between a dry run and the first real one must not count as new (S2).
    first = ledger.ledger_started(None, started, keep=not spec.only_looks)
    run = ledger.open_run(spec, fencing, windows, started, infos[Side.SALES_CONNECT].features)
    for text in notes:
        ledger.note(run, text)
    known = ledger.user_map()
    people = {side: _people(engine, run, infos[side], known) for side in Side}
    _tell_of_nobody(engine, run, known, people)
    users = map_users(
        known,
        people[Side.SALES_CONNECT],
        people[Side.SALESFORCE],
        engine.settings.user_map,
        schema=USER_MAP,
        ledger_started=_moment(first),
        read_from=_moment(
            {side: _position(engine, infos[side])[0] - engine.settings.overlap for side in Side}
        ),
        now=_moment(started),
    )
    if spec.users:
        names = {str(value).casefold() for name in ("sc_user_id", "email") for value in users[name].dropna()}
        unknown = [user for user in spec.users if user.casefold() not in names]
        if unknown:
            raise SettingsInvalid(
                f"The parameter users names {', '.join(unknown)}, which no Sales Connect user has as id or "
                f"e-mail address; known: {', '.join(sorted(names))}."
            )
    ledger.save_user_map(run, users)
    take_in(engine, run, infos[Side.SALESFORCE].contract)
    if not spec.mode.syncs and not spec.mode.reads_everything:
        ledger.choose_pairs(run)
    return run


def _moment(clocks: Mapping[Side, datetime]) -> Moment:
    return Moment(clocks[Side.SALES_CONNECT], clocks[Side.SALESFORCE])


def _check_identities(engine: Engine, infos: Mapping[Side, SideInfo], *, may_be_empty: bool) -> None:
    """Another org or account than before halts; so does an empty ledger over sides that hold our records, unless
    the run is there to fill it (G8)."""
    ledger = engine.ledger
    known = ledger.identities()
    for side, info in infos.items():
        if side in known and known[side] != info.identity:
            raise SideIdentityChanged(
                f"The connection {_CONNECTIONS[side]} leads to {_NAMES[side]} {info.identity}, but this ledger was "
                f"built from {known[side]}. Correct the connection, or give the other one a database of its own."
            )
    if not may_be_empty and ledger.link_count() == 0:
        for side in infos:
            if engine.sides[side].carries_markers():
                raise LedgerEmpty(
                    f"The ledger knows no pair, yet {_NAMES[side]} {infos[side].identity} holds tasks that TaskBridge "
                    "created: running now would double them. If the database is the right one, run the DAG "
                    "task_sync_audit with mode=rebase, which finds the pairs again; else correct taskbridge_db."
                )
    for side, info in infos.items():
        if side not in known:
            ledger.remember_identity(side, info.identity)


def _blind_spots(engine: Engine) -> list[str]:
    if engine.ledger.link_count():
        return []
    return [
        f"{_NAMES[side]} has no marker field, so a lost ledger looks like a new one (G8): if it was not new, stop here."
        for side in Side
        if not engine.sides[side].marks
    ]


def _tell_of_nobody(
    engine: Engine, run: Run, known: pd.DataFrame, people: Mapping[Side, pd.DataFrame]
) -> None:
    """Notes names in the setting user_map that nobody has: one typo need not stop everybody (S2)."""
    chosen = engine.settings.user_map
    strange = names_nobody(chosen, known, people[Side.SALES_CONNECT], people[Side.SALESFORCE])
    for side, names in strange.items():
        if names:
            engine.ledger.note(run, nobody_named(Side(side), names))


def _people(engine: Engine, run: Run, info: SideInfo, known: pd.DataFrame) -> pd.DataFrame:
    """Everybody whom a side lists, and who is there though this listing does not show them (S2)."""
    counted_on = known.loc[known["state"] != "inactive", f"{info.side.prefix}_user_id"].dropna()
    unlisted = sorted(set(counted_on) - set(info.users["user_id"]))
    if not unlisted:
        return info.users
    found = engine.sides[info.side].read_users(unlisted)
    if len(found):
        engine.ledger.note(
            run,
            f"{info.side.system} did not list {', '.join(sorted(found['user_id']))}, who are there by id (S2).",
        )
    return pd.concat([info.users, found], ignore_index=True)


def _window(engine: Engine, spec: RunSpec, info: SideInfo, notes: list[str]) -> Window:
    """The stamps to read, by the server's clock: from the watermark minus the overlap to now, or as asked."""
    if spec.window is not None:
        return spec.window
    now = info.server_now
    if spec.mode.reads_everything:
        return Window(BEGINNING, now)
    position, ahead = _position(engine, info)
    if ahead is not None:
        if spec.moves_watermarks:
            engine.ledger.revert_watermark(info.side)
        notes.append(
            f"The watermark of {info.side} ({ahead.isoformat()}) was ahead of the server's clock "
            f"({now.isoformat()}): went back to {position.isoformat()}."
        )
    return Window(position - engine.settings.overlap, now)


def _position(engine: Engine, info: SideInfo) -> tuple[datetime, datetime | None]:
    """Up to where a side was read; and its watermark, if the clock is behind it (G8)."""
    now, mark = info.server_now, engine.ledger.watermarks().get(info.side)
    if mark is None:
        return now, None
    # What a clock stamped since it was put right is no older than the time that has passed.
    passed = now - max(mark.age, timedelta(0))
    if mark.position <= now:
        return min(mark.position, passed), None
    previous = mark.previous if mark.previous is not None and mark.previous <= now else now
    return min(previous, passed), mark.position
