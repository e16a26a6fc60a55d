"""Every scenario of this folder, played. The name of a scenario's file begins with the rules that it shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from taskbridge.core import decision, judge
from taskbridge.core.decision import Case, Seen
from taskbridge.core.terms import DeletePolicy
from tests.engine.world import World
from tests.project.conformance import RULES
from tests.scenarios.document import Scenario, read
from tests.scenarios.play import play
from tests.scenarios.stage import Beginnings


def _before(path: Path) -> str:
    return path.read_text(encoding="utf-8").partition("## Before")[2].partition("\n## ")[0]


# What begins alike stands together: so of two workers mostly one has to play that beginning.
FILES = sorted(
    (path for path in Path(__file__).parent.glob("*.md") if path.name != "README.md"),
    key=lambda path: (_before(path), path),
)
SCENARIOS = {path.stem: path for path in FILES}

Line = tuple[Seen, Seen, DeletePolicy]


@pytest.fixture
def lines_met(monkeypatch: pytest.MonkeyPatch) -> set[Line]:
    """The lines of the decision table that the planner meets from now on."""
    met: set[Line] = set()

    def noting(
        sc: npt.NDArray[np.int8], sf: npt.NDArray[np.int8], policy: DeletePolicy
    ) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
        met.update((Seen(one), Seen(other), policy) for one, other in zip(sc, sf, strict=True))
        return decision.decide(sc, sf, policy)

    monkeypatch.setattr(judge, "decide", noting)
    return met


@pytest.mark.postgres
@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str, world: World, beginnings: Beginnings, lines_met: set[Line]) -> None:
    scenario = read(SCENARIOS[name])
    play(scenario, world, beginnings)
    declared = {(sc, sf, scenario.delete_policy) for sc, sf in scenario.cases}
    assert declared <= lines_met, f"{name}: the lines {declared - lines_met} of the table were never met"


@pytest.fixture(scope="module")
def scenarios() -> list[Scenario]:
    return [read(path) for path in FILES]


def test_there_are_sixty_scenarios(scenarios: list[Scenario]) -> None:
    assert len(scenarios) >= 60


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_scenario(rule: str) -> None:
    assert any(rule in name.split("_") for name in SCENARIOS), f"no scenario's name begins with {rule}_"


@pytest.mark.parametrize("policy", DeletePolicy)
@pytest.mark.parametrize(
    "case", decision.TABLE, ids=lambda case: f"{case.sales_connect.name}_{case.salesforce.name}"
)
def test_every_line_of_the_decision_table_has_a_scenario(
    case: Case, policy: DeletePolicy, scenarios: list[Scenario]
) -> None:
    told = {(*one, scenario.delete_policy) for scenario in scenarios for one in scenario.cases}
    assert (case.sales_connect, case.salesforce, policy) in told
