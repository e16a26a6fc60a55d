"""What a run tells Airflow's metrics (StatsD or OpenTelemetry, where Airflow has them on).

| Name | Kind | Meaning |
|---|---|---|
| `taskbridge.run.<outcome>` | counter | runs that ended so |
| `taskbridge.staged.<side>.<place>` | counter | rows that were read, by where they ended |
| `taskbridge.action.<side>.<op>.<state>` | counter | planned effects, by what became of them |
| `taskbridge.conflicts` | counter | contested fields |
| `taskbridge.rejected` | counter | newly rejected rows |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taskbridge.engine.steps.report import RunReport


def send(told: RunReport) -> None:
    """Sends the counts of a run that has ended."""
    from airflow.sdk.observability import stats

    for name, count in metrics(told).items():
        stats.incr(name, count)


def metrics(told: RunReport) -> dict[str, int]:
    """Name and count of everything above that is not nought."""
    found = {f"taskbridge.run.{told.outcome}": 1}
    if told.counts is not None:
        for side, ends in told.counts.staged.items():
            found |= {f"taskbridge.staged.{side}.{end or 'nowhere'}": rows for end, rows in ends.items()}
        for side, ops in told.counts.actions.items():
            for op, states in ops.items():
                found |= {f"taskbridge.action.{side}.{op}.{state}": rows for state, rows in states.items()}
        found["taskbridge.conflicts"] = told.counts.conflicts
        found["taskbridge.rejected"] = told.counts.rejected_new
    return {name: count for name, count in found.items() if count}
