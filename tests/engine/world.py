"""Two in-memory systems, a real ledger and people who edit: what the engine tests play with."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from taskbridge.core.run import Run, RunMode, RunSpec, Window
from taskbridge.core.terms import Answer, Side
from taskbridge.engine.cycle import run_cycle
from taskbridge.engine.engine import Engine
from taskbridge.engine.on_demand.approval import APPROVAL_ID, Person, record_answer
from taskbridge.engine.pause import WatchedSides
from taskbridge.engine.ports import Sides
from taskbridge.engine.steps.decide import decide
from taskbridge.engine.steps.extract import extract
from taskbridge.engine.steps.opening import open_run
from taskbridge.engine.steps.read_dirty import read_dirty
from taskbridge.engine.steps.recover import recover
from taskbridge.engine.steps.report import RunReport
from taskbridge.settings import Settings
from taskbridge.store import Ledger
from taskbridge.store.housekeeping import Retention
from tests.doubles.memory import MemorySalesConnect, MemorySalesforce

SHORT = 120  # seconds
KEEP = Retention(staging=timedelta(days=14), runs=timedelta(days=90), history=timedelta(days=730))
NAMES = ("ada", "ben", "chi")


@dataclass
class World:
    """Ada and Ben are switched on; Chi is known to both systems, and her sync is off."""

    ledger: Ledger
    database_url: str = ""
    settings: Settings = field(default_factory=Settings)
    sc: MemorySalesConnect = field(default_factory=MemorySalesConnect)
    sf: MemorySalesforce = field(default_factory=MemorySalesforce)
    enabled: bool = True
    sc_users: dict[str, str] = field(default_factory=dict)
    sf_users: dict[str, str] = field(default_factory=dict)
    _runs: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        for name in NAMES:
            email = f"{name}@example.com"
            self.sf_users[name] = self.sf.add_user(email.upper())
            self.sc_users[name] = self.sc.add_user(email, sync_on=name != "chi")

    @property
    def engine(self) -> Engine:
        sides = WatchedSides(Sides(self.sc, self.sf), self.ledger)
        return Engine(self.ledger, sides, self.settings, lambda: self.enabled, sleep=lambda _: None)

    def with_settings(self, **values: Any) -> World:
        self.settings = Settings.model_validate({**self.settings.model_dump(), **values})
        return self

    def spec(self, mode: RunMode = RunMode.SCHEDULED, **values: Any) -> RunSpec:
        """With `run_key`: of a run that was opened before."""
        key = values.pop("run_key", None) or f"test/{next(self._runs)}"
        return RunSpec(key, mode, self.settings.fingerprint, "test", **values)

    def sync(self, **values: Any) -> RunReport:
        """One run, a minute after whatever was before."""
        self.advance(60)
        report = run_cycle(self.engine, self.spec(**values))
        self.advance(1)
        return report

    def answer(self, approval_id: int, answer: Answer, by: str = "ada") -> None:
        """A person answers a request."""
        at, approvers = datetime.now(UTC), self.settings.approvers
        record_answer(
            self.ledger, approval_id, answer, by=Person(by, by), at=at, place="test", approvers=approvers
        )

    def carry_out(self, approval_id: int) -> RunReport:
        return self.sync(mode=RunMode.APPROVAL, asked={APPROVAL_ID: approval_id})

    def settle(self) -> list[RunReport]:
        """Two runs: enough to converge once edits have stopped."""
        return [self.sync(), self.sync()]

    def advance(self, seconds: float) -> None:
        self.sc.advance(seconds)
        self.sf.advance(seconds)
        if seconds >= SHORT:
            self.advance_ledger(seconds)

    def advance_ledger(self, seconds: float) -> None:
        """The database goes by the clock of this machine; what comes due by it is brought nearer, short waits aside."""
        if not self.database_url:
            return
        self.rows_changed(
            f"UPDATE bridge.link SET look_again_at = look_again_at - interval '{seconds} s', "
            f"dirty_since = dirty_since - interval '{seconds} s' WHERE look_again_at IS NOT NULL; "
            f"UPDATE bridge.dead_letter SET next_try_at = next_try_at - interval '{seconds} s' "
            "WHERE resolved_at IS NULL"
        )

    def window(self, seconds: float) -> Window:
        """The last so many seconds."""
        return Window(self.sc.now - timedelta(seconds=seconds), self.sc.now)

    @property
    def writes(self) -> int:
        return self.sc.writes + self.sf.writes

    @property
    def reads(self) -> int:
        return self.sc.reads + self.sf.reads

    def sc_task(self, title: str = "Call Ann", *, owner: str = "ada", **values: Any) -> str:
        return self.sc.create(self.sc_users[owner], title, **values)

    def sf_task(self, title: str | None = "Call Ann", *, owner: str = "ada", **values: Any) -> str:
        return self.sf.create(self.sf_users[owner], title, **values)

    def pair_of(self, side: Side, remote_id: str) -> str:
        """The name of the pair that a record belongs to, told from its marker or else from its id."""
        system = self.sc if side is Side.SALES_CONNECT else self.sf
        marker = system.records[remote_id].values.get("marker")
        if marker:
            return str(marker).removeprefix("tb:").rpartition(":")[0]
        return f"{side.prefix}:{system.identity}:{remote_id}"

    def pairs(self) -> dict[str, dict[Side, list[str]]]:
        """All records of both systems by pair, deleted ones included."""
        found: dict[str, dict[Side, list[str]]] = {}
        for side, system in ((Side.SALES_CONNECT, self.sc), (Side.SALESFORCE, self.sf)):
            for remote_id in system.records:
                pair = found.setdefault(self.pair_of(side, remote_id), {one: [] for one in Side})
                pair[side].append(remote_id)
        return found

    def partner(self, side: Side, remote_id: str) -> str | None:
        """The live record on the other side of the same pair; deleted ones only if there is no live one."""
        there = self.sf if side is Side.SALES_CONNECT else self.sc
        others = self.pairs()[self.pair_of(side, remote_id)][side.other]
        live = [other for other in others if not there.records[other].deleted]
        assert len(live) <= 1, f"{remote_id} has the copies {live}"
        return live[0] if live else next(iter(others), None)

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """What the database holds, for what people are promised to find there (K5, G4)."""
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query, parameters).fetchall()

    def rows_changed(self, statement: str) -> None:
        """An accident in the database."""
        with psycopg.connect(self.database_url) as connection:
            connection.execute(statement)

    def sf_of(self, sc_id: str) -> dict[str, Any]:
        """Values of the Salesforce partner of an SC task."""
        partner = self.partner(Side.SALES_CONNECT, sc_id)
        assert partner is not None, f"SC task {sc_id} has no partner"
        return self.sf.live()[partner]

    def sc_of(self, sf_id: str) -> dict[str, Any]:
        partner = self.partner(Side.SALESFORCE, sf_id)
        assert partner is not None, f"SF task {sf_id} has no partner"
        return self.sc.live()[partner]


def planned(world: World, mode: RunMode = RunMode.SCHEDULED) -> Run:
    """A run that has decided and not written yet."""
    run = read(world, mode)
    decide(world.engine, run)
    return run


def read(world: World, mode: RunMode = RunMode.SCHEDULED, **spec: Any) -> Run:
    """A run that has read everything, a minute after whatever was before, and not decided yet."""
    world.advance(60)
    run = open_run(world.engine, world.spec(mode, **spec))
    assert run is not None
    recover(world.engine, run)
    for side in Side:
        extract(world.engine, run, side)
    read_dirty(world.engine, run)
    return run


_STATUS = {"open": "Not Started", "complete": "Completed"}
_PRIORITY = {"normal": "Normal", "high": "High"}


def disagreements(world: World) -> list[str]:
    """Where the two systems do not agree by the rules, told from the systems alone."""
    found: list[str] = []
    for pair, members in world.pairs().items():
        if not all(members.values()):
            continue
        sc = [one for one in members[Side.SALES_CONNECT] if not world.sc.records[one].deleted]
        sf = [one for one in members[Side.SALESFORCE] if not world.sf.records[one].deleted]
        if len(sc) > 1 or len(sf) > 1:
            found.append(f"{pair} is doubled: {sc} / {sf}")
        elif sc and sf:
            values = world.sc.records[sc[0]].values, world.sf.records[sf[0]].values
            found += [f"{pair}: {problem}" for problem in _differences(world, *values)]
        elif (sc or sf) and not _released(world, members):
            found.append(f"{pair}: deleted on one side only: {sc} / {sf}")
    return found


def _released(world: World, members: dict[Side, list[str]]) -> bool:
    """Whether any record of the pair belongs to a user who takes no part (C3)."""
    owners = {world.sc.records[one].values["owner"] for one in members[Side.SALES_CONNECT]}
    owners |= {world.sf.records[one].values["owner"] for one in members[Side.SALESFORCE]}
    return bool(owners & {world.sc_users["chi"], world.sf_users["chi"]})


def _differences(world: World, sc: dict[str, Any], sf: dict[str, Any]) -> list[str]:
    owners = {world.sc_users[name]: world.sf_users[name] for name in NAMES}
    off = world.sc_users["chi"]
    if sc["owner"] == off or sf["owner"] == owners[off]:
        return []  # released (C3)
    found = []
    if sf["status"] in _STATUS.values() and sc["status"] in _STATUS and _STATUS[sc["status"]] != sf["status"]:
        found.append(f"status {sc['status']} / {sf['status']}")
    if sf["priority"] in _PRIORITY.values() and _PRIORITY[sc["priority"]] != sf["priority"]:
        found.append(f"priority {sc['priority']} / {sf['priority']}")
    if sc["due_date"] != sf["due_date"]:
        found.append(f"due date {sc['due_date']} / {sf['due_date']}")
    if _canonical(sc["details"]) != _canonical(sf["details"]):
        found.append(f"details {sc['details']!r} / {sf['details']!r}")
    if owners[sc["owner"]] != sf["owner"]:
        found.append(f"owner {sc['owner']} / {sf['owner']}")
    return found


def _canonical(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").replace("\r", "\n").strip()
