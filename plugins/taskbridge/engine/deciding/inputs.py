"""What a plan is made from, gathered."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import columns
from taskbridge.core.frames import empty, frame, rows_of
from taskbridge.core.model import (
    APPROVAL_ROWS,
    DECISIONS,
    LINKS,
    SALES_CONNECT_TASKS,
    SALESFORCE_TASKS,
    USERS,
    PlanInput,
)
from taskbridge.core.oscillation import REVERSALS
from taskbridge.core.parts import WHOLE, Part
from taskbridge.core.run import Run, RunMode
from taskbridge.core.terms import ApprovalKind, Side
from taskbridge.core.users import chosen
from taskbridge.engine.engine import Engine
from taskbridge.engine.on_demand.approval import answered


def plan_input(engine: Engine, run: Run) -> PlanInput:
    """Everything the plan depends on, in one piece."""
    return Inputs(engine, run).of(WHOLE)


class Inputs:
    """The plan's input part by part; what the parts share is read once."""

    def __init__(self, engine: Engine, run: Run) -> None:
        ledger, facts = engine.ledger, engine.ledger.plans.facts(run)
        self._engine, self._run, self._asked = engine, run, facts.asked
        self.shared = PlanInput(
            links=empty(LINKS),
            sales_connect=empty(SALES_CONNECT_TASKS),
            salesforce=empty(SALESFORCE_TASKS),
            users=_users(ledger.people.user_map(), run.spec.users),
            history=ledger.plans.history(),
            population=ledger.plans.population(),
            account=facts.account,
            org=facts.org,
            sc_now=run.started[Side.SALES_CONNECT],
            sf_now=run.started[Side.SALESFORCE],
            policy=engine.settings.policy,
            decisions=ledger.plans.decisions() if facts.decided else empty(DECISIONS),
            gaps=run.gaps | ({Side.SALESFORCE} if run.spec.catches_up and facts.swept else frozenset()),
            untold=run.untold,
            rerender=run.spec.mode is RunMode.RERENDER or _answers_subjects(engine, run),
        )

    def of(self, part: Part) -> PlanInput:
        ledger, run = self._engine.ledger, self._run
        return replace(
            self.shared,
            links=ledger.plans.links(run, part),
            sales_connect=ledger.staging.staged(run, Side.SALES_CONNECT, part),
            salesforce=ledger.staging.staged(run, Side.SALESFORCE, part),
            recent=ledger.plans.recent_writes(run, REVERSALS, part),
            approvals=self._approvals(part),
        )

    def said(self, part: Part) -> object:
        """Rows of what people have said, and of who takes part."""
        return self._said_of_all, rows_of(self._approvals(part))

    @cached_property
    def _said_of_all(self) -> object:
        return rows_of(self.shared.users), rows_of(self.shared.decisions)

    def _approvals(self, part: Part) -> pd.DataFrame:
        """APPROVAL_ROWS."""
        if not self._asked:
            return empty(APPROVAL_ROWS)
        return self._engine.ledger.approvals.approval_rows(self._run, part)


def _answers_subjects(engine: Engine, run: Run) -> bool:
    """Whether the run carries out the answer to Subjects that were to be made anew (T3)."""
    if run.spec.mode is not RunMode.APPROVAL:
        return False
    return answered(engine.ledger, run.spec).kind is ApprovalKind.SUBJECT


def _users(user_map: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """USERS of a run that is for these, see `chosen`."""
    table = pa.table(columns(user_map))
    table = table.filter(pc.is_valid(table["sf_user_id"]))
    given = {
        **{name: table[name] for name in table.column_names if name in USERS.names},
        "synced": pc.equal(table["state"], "synced"),
        "selected": chosen(table, names),
        "first_sync_owed": pc.fill_null(pc.equal(table["first_sync"], "owed"), False),
    }
    return frame(pa.table({name: given[name] for name in USERS.names}, schema=USERS))
