"""What a plan is made from, and the plan stored in one transaction, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import pandas as pd
import pyarrow as pa

from taskbridge.core.model import DECISIONS, HISTORY, LINKS, POPULATION, RECENT_WRITES, Plan
from taskbridge.core.parts import WHOLE, Part
from taskbridge.core.run import Run
from taskbridge.store.database import Database
from taskbridge.store.plan_saving import PlanSaving

LINK_IDS: Final = pa.schema([("link_id", pa.string())])


@dataclass(frozen=True)
class PlanFacts:
    """What a plan has to know besides frames."""

    account: str  # of Sales Connect
    org: str  # of Salesforce, 18 characters
    decided: bool  # people have decided conflicts that no run has carried out (K3)
    asked: bool  # requests to people have rows without an end (G3)
    swept: bool  # Salesforce records were looked up as no listing could be trusted to tell deletes (C6)


@dataclass
class Plans:
    _db: Database

    def facts(self, run: Run) -> PlanFacts:
        [found] = self._db.rows("plan/read_facts", run_id=run.run_id)
        return PlanFacts(**found._mapping)

    def is_quiet(self, run: Run) -> bool:
        """Whether a run that syncs has nothing to decide, so that storing its plan would change nothing."""
        return bool(self._db.value("plan/is_quiet", run_id=run.run_id))

    def link_ids(self) -> pd.DataFrame:
        """(link_id) of every pair."""
        return self._db.frame("plan/read_link_ids", LINK_IDS)

    def links(self, run: Run, part: Part = WHOLE) -> pd.DataFrame:
        """LINKS of every pair of a part that has a staged row in this run."""
        return self._db.frame("plan/read_links", LINKS, run_id=run.run_id, **vars(part))

    def history(self) -> pd.DataFrame:
        """HISTORY."""
        return self._db.frame("plan/read_history", HISTORY)

    def population(self) -> pd.DataFrame:
        """POPULATION."""
        return self._db.frame("plan/read_population", POPULATION)

    def decisions(self) -> pd.DataFrame:
        """DECISIONS of people that no run has carried out yet (K3)."""
        return self._db.frame("plan/read_decisions", DECISIONS)

    def recent_writes(self, run: Run, at_least: int, part: Part = WHOLE) -> pd.DataFrame:
        """RECENT_WRITES of pairs of a part with a staged row in this run, written at least so often within the last
        hour (K6)."""
        given = {"run_id": run.run_id, "writes": at_least, **vars(part)}
        return self._db.frame("plan/read_recent_writes", RECENT_WRITES, **given)

    def save_plan(self, run: Run, plan: Plan) -> None:
        """Stores a plan that was made in one part."""
        with self.saving(run) as saving:
            saving.add(WHOLE, plan)
            saving.finish()

    @contextmanager
    def saving(self, run: Run) -> Iterator[PlanSaving]:
        """Stores the parts of a plan in one transaction, which begins with the first. An error that leaves the block
        takes all of them back."""
        with ExitStack() as stack:
            yield PlanSaving(run, lambda: stack.enter_context(self._db.fenced(run)))
