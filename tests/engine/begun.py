"""A first run over two systems without tasks, played once and put back for every test that begins after it."""

from __future__ import annotations

from copy import copy, deepcopy
from dataclasses import dataclass
from datetime import datetime

import psycopg

from taskbridge.store import PostgresLedger
from tests.conftest import EMPTY
from tests.engine.world import World
from tests.machine.snapshot import Snapshot


@dataclass(frozen=True)
class Begun:
    world: World
    ledger: Snapshot
    since: datetime  # by the database's clock

    @classmethod
    def play(cls, ledger: PostgresLedger, url: str) -> Begun:
        with psycopg.connect(url) as connection:
            connection.execute(EMPTY)
            (since,) = connection.execute("SELECT now()").fetchone() or ()
        world = World(ledger, url)
        world.sync()
        return cls(world, Snapshot.take(url), since)

    def again(self) -> World:
        """The same once more, as if that run had just ended."""
        self.ledger.restore_as_of_now(self.since)
        world = copy(self.world)
        world.sc, world.sf = deepcopy((self.world.sc, self.world.sf))
        world.sc_users, world.sf_users = dict(self.world.sc_users), dict(self.world.sf_users)
        world._runs = copy(self.world._runs)
        return world
