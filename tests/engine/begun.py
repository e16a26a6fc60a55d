"""Worlds that were brought to a beginning once, and are put back for every test that begins there."""

from __future__ import annotations

from copy import copy, deepcopy
from dataclasses import dataclass
from datetime import datetime

import psycopg

from taskbridge.store import Ledger
from tests.conftest import EMPTY
from tests.engine.world import World
from tests.machine.snapshot import Snapshot


@dataclass(frozen=True)
class Begun:
    world: World
    ledger: Snapshot
    since: datetime  # when it was played, by the database's clock

    @classmethod
    def first_run(cls, ledger: Ledger, url: str) -> Begun:
        """After a run that found no tasks."""
        with psycopg.connect(url) as connection:
            connection.execute(EMPTY)
        world = World(ledger, url)
        since = now(url)
        world.sync()
        return cls.of(world, since)

    @classmethod
    def of(cls, world: World, since: datetime) -> Begun:
        return cls(_copied(world), Snapshot.take(world.database_url), since)

    def again(self) -> World:
        """The same once more, as if it had been played just now."""
        self.ledger.restore_as_of_now(self.since)
        return _copied(self.world)


def now(url: str) -> datetime:
    """By the database's clock."""
    with psycopg.connect(url) as connection:
        (time,) = connection.execute("SELECT now()").fetchone() or ()
    return time


def _copied(world: World) -> World:
    """A copy whose systems and runs are its own."""
    made = copy(world)
    made.sc, made.sf = deepcopy((world.sc, world.sf))
    made.sc_users, made.sf_users = dict(world.sc_users), dict(world.sf_users)
    made._runs = copy(world._runs)
    return made
