"""The actions of the benchmark's job in SQL, as a DuckDB user would write them.

The rules that the job exercises, as `dict_loop` keeps them: what takes part (S2, C2, C3), what begins a pair (I1 to
I3), its marker (G2), and the other record's values (F7, T1); one side's edits, creates and deletes cross (C1), field
by field (F1 to F5, K1, K2), the later one where both sides edited (K3); what each action counts for (G3).

Left out is what the job never meets: unsettled and ended pairs, texts that do not fit, words that the other side does
not know, deletes of what was edited or that are old or in doubt, limits that are exceeded, people's decisions. Nor is
anything answered but actions: no base that advances, no conflicts, no dispositions.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from bench.dict_loop import Row
from taskbridge.core.model import PlanInput

_MACROS: Final = """
CREATE MACRO present(presence, seen, base) AS CASE WHEN presence = 'live' THEN seen ELSE base END;
CREATE MACRO changed(presence, seen, base) AS coalesce(presence = 'live' AND seen IS DISTINCT FROM base, false);
CREATE MACRO is_ours(marker) AS coalesce(marker LIKE 'tb:%', false);
CREATE MACRO is_reminder(subtype, is_recurrence, is_closed, marker, completed_at, created_at) AS
    coalesce(subtype, 'Task') = 'Task' AND is_recurrence IS NOT TRUE
    AND (is_closed IS NOT TRUE OR is_ours(marker) OR (completed_at = created_at) IS NOT TRUE);
CREATE MACRO status_for_sf(status) AS CASE status WHEN 'open' THEN 'Not Started' WHEN 'complete' THEN 'Completed' END;
CREATE MACRO status_for_sc(status) AS CASE status WHEN 'Not Started' THEN 'open' WHEN 'Completed' THEN 'complete' END;
CREATE MACRO priority_for_sf(priority) AS CASE priority WHEN 'normal' THEN 'Normal' WHEN 'high' THEN 'High' END;
CREATE MACRO priority_for_sc(priority) AS CASE priority WHEN 'Normal' THEN 'normal' WHEN 'High' THEN 'high' END;
CREATE MACRO target(sc_changed, sf_changed, sc_value, sf_value, sc_wins) AS CASE
    WHEN NOT (sc_changed OR sf_changed) OR sc_value IS NOT DISTINCT FROM sf_value THEN 'none'
    WHEN sc_changed AND (NOT sf_changed OR sc_wins) THEN 'salesforce'
    ELSE 'sales_connect' END;
CREATE MACRO kinds(side, status_to, status, owner_to, due_date_to) AS nullif(concat_ws(',',
    CASE WHEN status_to = side AND lower(status) LIKE 'complete%' THEN 'complete' END,
    CASE WHEN owner_to = side THEN 'owner' END,
    CASE WHEN due_date_to = side THEN 'due_date' END), '');
"""


class DuckDBPlan:
    """The job in tables of a database in memory."""

    def __init__(self, given: PlanInput) -> None:
        self._database = duckdb.connect()
        self._database.execute("SET enable_progress_bar = false")
        for name in ("links", "sales_connect", "salesforce", "users"):
            self._database.register("given", pa.Table.from_pandas(getattr(given, name), preserve_index=False))
            self._database.execute(f"CREATE TABLE {name} AS FROM given")
            self._database.unregister("given")
        self._database.execute(_MACROS)
        self._query = Path(__file__).with_suffix(".sql").read_text()
        self._settings = {
            "account": given.account,
            "org": given.org,
            "margin": given.policy.conflict_margin,
            "lookback": given.policy.first_sync_lookback,
        }

    def plan(self) -> pa.Table:
        return self._database.sql(self._query, params=self._settings).to_arrow_table()

    def actions(self) -> list[Row]:
        rows: list[Row] = self.plan().to_pylist()
        return rows
