"""A scenario from its first line to its last."""

from __future__ import annotations

from tests.engine.world import World
from tests.scenarios.document import Scenario
from tests.scenarios.sentences import perform
from tests.scenarios.stage import Beginnings, Stage


def play(scenario: Scenario, world: World, beginnings: Beginnings) -> None:
    """Fails with file and line where the systems or TaskBridge do not do what is written."""
    stage = Stage(world)
    stage.begin(scenario, beginnings)
    for part in scenario.parts:
        for sentence in part.sentences:
            perform(stage, part.heading, sentence)
        if part.tables:
            stage.check(part.tables)
    stage.end(scenario)
