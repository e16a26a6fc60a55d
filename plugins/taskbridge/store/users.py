"""The map of users (S2)."""

from __future__ import annotations

import json

import pandas as pd

from taskbridge.core.arrays import to_table
from taskbridge.engine.ports import USER_MAP, Run
from taskbridge.store.part import LedgerPart


class Users(LedgerPart):
    def user_map(self) -> pd.DataFrame:
        return self._db.frame("user/read_user_map", USER_MAP)

    def save_user_map(self, run: Run, users: pd.DataFrame) -> None:
        """Rows that did not change are not touched."""
        with self._db.fenced(run) as tx:
            given = json.dumps(to_table(users, USER_MAP).to_pylist(), default=str)
            tx.run("user/mark_dirty", users=given)
            tx.run("user/delete_changed", users=given)
            tx.run("user/insert_changed", users=given)
