"""Every error code on chosen rows of a batch of 200, against the real service: the policy table holds (G4).

One batch carries all codes that concern their row alone; codes that pause the side have a batch each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from stack.postgres import PostgresServer
from taskbridge.core.run import RunOutcome
from taskbridge.engine.loading.busy import TRIES
from taskbridge.engine.steps.report import RunReport
from taskbridge.settings import Settings
from taskbridge.sides.meanings import OWN, Handling, Reaction, meaning, normalise_code
from taskbridge.store import Ledger
from tests.contract.error_codes import AUTHENTICATION, INTERMITTENT, LISTED, OTHER, PARKED, UNHEARD_OF
from tests.contract.sandbox_process import Sandbox
from tests.contract.test_whole_runs import BothWorlds

pytestmark = pytest.mark.postgres

ROWS, CHOSEN, RUNS = 200, 3, 3
CONCURRENT = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
LIMITS = {"count": 1000, "user_count": 1000, "half_of_more_than": 1000}


@dataclass(frozen=True)
class Case:
    """An error as the service words it, and what TaskBridge records it as."""

    code: str
    message: str = "injected"
    recorded: str = ""
    policy: Handling | None = None  # where an update differs from the table

    @property
    def known_as(self) -> str:
        return self.recorded or normalise_code(self.code, self.message)

    @property
    def does(self) -> Handling:
        return self.policy or meaning(self.code, self.message).reaction.policy

    @property
    def attempts(self) -> int:
        """How often a row is sent within three runs while the error lasts."""
        return {Handling.RETRY_SOON: RUNS * TRIES, Handling.CARRY_OVER: RUNS, Handling.FACT: RUNS}.get(
            self.does, 1
        )

    @property
    def state(self) -> str:
        """Of the row's action."""
        return {Handling.PARK: "dead", Handling.FACT: "stale"}.get(self.does, "retry")


CASES = [
    *(Case(code) for code in [*INTERMITTENT, *PARKED, *OTHER, UNHEARD_OF]),
    Case("REQUEST_LIMIT_EXCEEDED", CONCURRENT),
    Case("INVALID_FIELD", "INVALID_FIELD: Net::ReadTimeout"),
    Case("ENTITY_IS_DELETED"),
    Case("DUPLICATE_VALUE", policy=Handling.PARK),  # of another field than the marker's
    Case("NOT_FOUND"),
    Case(
        "INVALID_CROSS_REFERENCE_KEY", recorded="NOT_FOUND", policy=Handling.CARRY_OVER
    ),  # nothing but the record
]


@dataclass
class Batch:
    """200 pairs whose tasks were all edited in Sales Connect, and what three runs made of them."""

    both: BothWorlds
    url: str
    reports: list[RunReport] = field(default_factory=list)
    chosen: dict[Case, list[str]] = field(default_factory=dict)
    faults: dict[Case, list[int]] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)  # Subject -> Description, after the first run
    sent: dict[Case, list[int]] = field(default_factory=dict)  # how often the service saw each of the rows

    def edit(self, details: str) -> None:
        for task in self.both.tasks()[1]:
            self.both.sc.edit(str(task["id"]), details=details)

    def choose(self, cases: list[Case]) -> None:
        """Gives each error rows of its own, for as long as the faults are there."""
        titles = sorted(task["Subject"] for task in self.both.tasks()[0])
        for place, case in enumerate(cases):
            self.chosen[case] = titles[place * CHOSEN : (place + 1) * CHOSEN]
            self.faults[case] = [self._fault(case, title) for title in self.chosen[case]]

    def _fault(self, case: Case, title: str) -> int:
        salesforce = self.both.sandbox.salesforce
        fault = {"kind": "row_error", "code": case.code, "message": case.message, "record": title}
        body = fault | {"endpoint": "PATCH *composite/sobjects*", "times": None}
        return int(salesforce.control("POST", "/faults", body)["id"])

    def sync(self) -> RunReport:
        self.both.sc.advance(60)
        self.both.sf.advance(60)
        return self.both.run()

    def shown(self) -> dict[str, str]:
        return {task["Subject"]: task["Description"] for task in self.both.tasks()[0]}

    def attempts(self, case: Case) -> list[int]:
        """How often the service saw each of the rows."""
        struck = {
            rule["id"]: rule["struck"] for rule in self.both.sandbox.salesforce.control("GET", "/faults")
        }
        return [struck[number] for number in self.faults[case]]

    def mend(self) -> RunReport:
        """The reasons are gone, and what is parked is due."""
        self.both.sandbox.salesforce.control("DELETE", "/faults")
        with psycopg.connect(self.url) as connection:
            connection.execute("UPDATE bridge.dead_letter SET next_try_at = now()")
            connection.execute("UPDATE bridge.link SET look_again_at = NULL")
            connection.execute("SELECT bridge.resume_side('salesforce', 'Ada')")
        return self.sync()

    def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        with psycopg.connect(self.url, row_factory=dict_row) as connection:
            return connection.execute(query, parameters).fetchall()  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def pairs(sandbox: Sandbox, postgres_server: PostgresServer, migrated_template: str) -> Iterator[Batch]:
    """All of them in step."""
    postgres_server.create_database("error_codes", template=migrated_template)
    url = postgres_server.url("error_codes")
    with Ledger(url) as ledger:
        settings = Settings.model_validate({"limits": LIMITS})
        both = BothWorlds(sandbox, ledger, batch=True, feed=True, settings=settings, sleep=lambda _: None)
        for number in range(ROWS):
            both.sc.create(f"Task {number:03}", details="before")
        both.sync()
        assert both.sync().outcome is RunOutcome.CLEAN
        assert len(both.tasks()[0]) == ROWS
        yield Batch(both, url)
    postgres_server.drop_database("error_codes")


@pytest.fixture(scope="module")
def batch(pairs: Batch) -> Batch:
    pairs.edit("after")
    pairs.choose(CASES)
    for _ in range(RUNS):
        pairs.reports.append(pairs.sync())
        pairs.written = pairs.written or pairs.shown()
    pairs.sent = {case: pairs.attempts(case) for case in CASES}
    return pairs


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.does}")
def test_G4_a_code_does_to_its_rows_what_the_table_says(batch: Batch, case: Case) -> None:
    assert batch.sent[case] == CHOSEN * [case.attempts]
    titles = batch.chosen[case]
    assert {batch.written[title] for title in titles} == {"before"}
    first = batch.reports[0].run_id
    told = batch.rows(
        "SELECT state, code, category, message, remedy FROM bridge.action "
        "WHERE run_id = %s AND seen_title = ANY(%s)",
        first,
        titles,
    )
    assert len(told) == CHOSEN
    meant = meaning(case.known_as, case.message)
    for row in told:
        assert (row["state"], row["code"]) == (case.state, case.known_as)
        assert (row["category"], row["remedy"]) == (meant.category, meant.remedy)
        assert case.message in row["message"]


def test_G4_the_other_rows_are_written_and_the_counts_are_right(batch: Batch) -> None:
    expected = {"done": ROWS - CHOSEN * len(CASES)}
    for case in CASES:
        expected[case.state] = expected.get(case.state, 0) + CHOSEN
    first, second, third = batch.reports
    assert first.counts is not None
    assert first.counts.actions == {"salesforce": {"update": expected}}
    assert first.counts.rejected_new == expected["dead"]
    changed = [title for title, details in batch.written.items() if details == "after"]
    assert len(changed) == expected["done"]
    still = {state: count for state, count in expected.items() if state in ("retry", "stale")}
    for later in (second, third):
        assert later.counts is not None
        assert later.counts.actions == {"salesforce": {"update": still}}
        assert later.counts.rejected_new == 0
    assert [report.outcome for report in batch.reports] == 3 * [RunOutcome.PARTIAL]


def test_G4_when_the_reasons_are_gone_every_row_gets_there(batch: Batch) -> None:
    assert batch.mend().outcome is RunOutcome.CLEAN
    assert set(batch.shown().values()) == {"after"}
    writes = batch.both.writes()
    assert batch.sync().outcome is RunOutcome.CLEAN
    assert batch.both.writes() == writes


@pytest.mark.parametrize("code", AUTHENTICATION)
def test_G4_an_authentication_code_in_a_row_pauses_the_side_once_the_others_are_written(
    pairs: Batch, code: str
) -> None:
    batch = Batch(pairs.both, pairs.url)
    batch.mend()
    batch.edit(code)
    case = Case(code)
    batch.choose([case])
    reports = [batch.sync() for _ in range(RUNS)]
    outcomes = [report.outcome for report in reports]
    assert outcomes == [RunOutcome.FAILED, RunOutcome.SKIPPED, RunOutcome.SKIPPED]
    assert reports[0].counts is not None
    assert reports[0].counts.actions == {"salesforce": {"update": {"done": ROWS - CHOSEN, "retry": CHOSEN}}}
    assert batch.attempts(case) == CHOSEN * [1]
    assert "Salesforce is paused" in reports[0].text
    assert meaning(code).remedy in reports[0].text
    assert batch.mend().outcome is RunOutcome.CLEAN
    assert set(batch.shown().values()) == {code}


def test_no_listed_code_is_left_out() -> None:
    assert {case.code for case in CASES} | set(AUTHENTICATION) >= set(LISTED)
    assert {meaning(code).reaction for code in AUTHENTICATION} == {Reaction.AUTHENTICATION}
    assert {code for code, meant in OWN.items() if meant.reaction is Reaction.AUTHENTICATION} == set(
        AUTHENTICATION
    )
