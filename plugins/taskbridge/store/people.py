"""The map of users (S2)."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pandas as pd

from taskbridge.core.arrays import to_table
from taskbridge.core.run import Run
from taskbridge.core.users import USER_MAP
from taskbridge.store.database import Database


@dataclass
class People:
    _db: Database

    def user_map(self) -> pd.DataFrame:
        """USER_MAP."""
        return self._db.frame("user/read_user_map", USER_MAP)

    def save_user_map(self, run: Run, users: pd.DataFrame) -> None:
        """Replaces the map; rows that did not change are not touched. Pairs of users who come back, or were switched on
        anew, become dirty (G9)."""
        with self._db.fenced(run) as tx:
            given = json.dumps(to_table(users, USER_MAP).to_pylist(), default=str)
            tx.run("user/mark_dirty", users=given)
            tx.run("user/delete_changed", users=given)
            tx.run("user/insert_changed", users=given)
