"""What the browser tests find when they begin: a synced stack in which something of everything waits for a person."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from stack.airflow_api import RUN_ENDED, AirflowApi
from stack.demo.people import Edit, People
from stack.demo.records import look
from stack.demo.systems import Side, Systems

ADA, BEN = "ada@example.com", "ben@example.com"
SYNC: Final = "task_sync"
BACKFILL: Final = "task_sync_backfill"
SETTINGS: Final = "taskbridge_settings"
SWITCH: Final = "taskbridge_enabled"
HOSTILE: Final = (
    "<script>alert(1)</script>",
    '=HYPERLINK("https://example.com","click")',
    "\u202eabc.exe\u200b right to left",
)
REFUSED, CONTESTED, HELD = "Refused by a rule", "Contested due date", ("Held task 1", "Held task 2")
CODE: Final = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
OUTSIDER: Final = "From before the switch-on"
_PATIENCE: Final = 120.0
_STRICT: Final = {
    "limits": {"count": 0, "share": 0, "user_count": 0, "user_share": 0},
    "conflict_policy": "manual",
}


class Stage:
    def __init__(self, api: AirflowApi, systems: Systems, passwords: Mapping[str, str]) -> None:
        self.api = api
        self.systems = systems
        self.passwords = passwords  # by role

    def run(self, **conf: object) -> str:
        """One run of the sync, by hand, up to its end."""
        run = self.api.trigger(SYNC, conf=conf)
        self.api.wait_for_run(SYNC, run, _PATIENCE)
        return run

    def wait_for_backfill(self, runs: int) -> list[dict[str, Any]]:
        """The runs that a backfill made, when all of them have ended."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            found = self.api.runs(BACKFILL, run_type="backfill")
            if len(found) == runs and all(run["state"] in RUN_ENDED for run in found):
                return found
            assert time.monotonic() < deadline, [(run["dag_run_id"], run["state"]) for run in found]
            time.sleep(0.5)

    def person(self, side: Side, act: str, by: str, record: str | None = None, **values: str | None) -> str:
        people = People(self.systems, look(self.systems).users)
        return people.make(Edit(side, act, by, values), record)  # type: ignore[arg-type]

    def set(self) -> None:
        """Switched on; a refused row, a contested field, two held due dates, hostile titles, a task that stays out."""
        self.person("sales_connect", "create", ADA, title=OUTSIDER)
        self.api.set_variable(SWITCH, "true")
        self.run()
        for title in (*HOSTILE, CONTESTED, *HELD, REFUSED):
            self.person("sales_connect", "create", ADA, title=title, due=_day(1), details="as agreed")
        self.systems.salesforce.control(
            "POST",
            "/faults",
            {
                "kind": "row_error",
                "code": CODE,
                "message": "A call needs a phone number",
                "record": REFUSED,
                "times": None,
            },
        )
        self.run()
        self.run()
        self.api.set_variable(SETTINGS, json.dumps(_STRICT))
        tasks = self.titled()
        self.person(
            "sales_connect", "change", ADA, tasks["sales_connect"][CONTESTED], details="told by phone"
        )
        self.person("salesforce", "change", ADA, tasks["salesforce"][CONTESTED], details="told by mail")
        for title in HELD:
            self.person("sales_connect", "change", ADA, tasks["sales_connect"][title], due=_day(9))
        self.run()
        audit = self.api.trigger("task_sync_audit")
        self.api.wait_for_run("task_sync_audit", audit, _PATIENCE)

    def titled(self) -> dict[Side, dict[str, str]]:
        """Ids of both systems by title."""
        seen = look(self.systems).records
        return {side: {record.title: record.id for record in records} for side, records in seen.items()}


def _day(ahead: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=ahead)).isoformat()
