"""Whole runs of both DAGs against the two systems and a real PostgreSQL."""

from __future__ import annotations

from tests.dags.world import World


def test_a_run(world: World) -> None:
    ended = world.run()
    print(ended)
    print(world.rows("select run_id, outcome, summary, notes from bridge.run"))
    assert ended.state == "success"
