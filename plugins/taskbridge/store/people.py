"""The map of users (S2)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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

    def first_sync_turns(self) -> Mapping[str, int]:
        """Salesforce user id -> number of the last run that read the user's tasks for a first sync (I1)."""
        return {row.sf_user_id: row.run_id for row in self._db.rows("user/read_first_sync_turns")}

    def save_first_sync_turns(self, run: Run, sf_user_ids: Sequence[str]) -> None:
        """The run has read the tasks of these users, and may settle their first syncs."""
        with self._db.fenced(run) as tx:
            tx.run("user/save_first_sync_turns", run_id=run.run_id, sf_user_ids=list(sf_user_ids))
