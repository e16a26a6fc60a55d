"""People edit both systems at random while runs go on and things go wrong: the invariants of the design hold.

`make fuzz` plays many more and longer stories with the same machine.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from stack.postgres import PostgresServer
from tests.machine.clock import StoryDatabase, story_database
from tests.machine.machine import TwoSystems

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def database(postgres_server: PostgresServer) -> Iterator[StoryDatabase]:
    with story_database(postgres_server) as database:
        yield database


def test_both_systems_agree_once_edits_stop(database: StoryDatabase) -> None:
    """Invariants 1 to 14, 16, 18 to 20, 22 and 25 of the design, over random stories."""

    class Machine(TwoSystems):
        pass

    Machine.database = staticmethod(lambda: database)
    try:
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=12,
                stateful_step_count=25,
                deadline=None,
                derandomize=True,
                database=None,
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
    except Exception as error:
        error.add_note("The story:\n" + "\n".join(Machine.told))
        raise
