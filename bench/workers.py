"""The parts of a large cycle on two Celery workers against one: a dry run of a first sync, over a real stack.

`python -m bench.workers` makes the tasks in Salesforce through its API, and starts the run twice. Each worker runs one
task at a time, as on a machine with one core. Both plans have to be the same.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from bench.reconcile import PlansDiffer
from bench.result import Result
from stack.demo.records import API, look
from tests.celery.cluster import Cluster, two_workers
from tests.e2e.theatre import SYNC

PARTS: Final = 16
_A_CALL: Final = 200
_PLAN: Final = (
    "SELECT count(*) AS rows, md5(string_agg("
    "concat_ws('|', side, op, state, link_id, title, status, due_date, details), ',' ORDER BY link_id)) AS digest "
    "FROM bridge.action JOIN bridge.run USING (run_id) WHERE run_key LIKE %s"
)


def measure(tasks: int) -> Iterator[Result]:
    """Raises PlansDiffer."""
    with (
        tempfile.TemporaryDirectory(prefix="taskbridge-workers-") as folder,
        two_workers(Path(folder), concurrency=1) as cluster,
    ):
        settings = f'{{"first_sync_mode": "all", "rows_per_task": {-(-tasks // PARTS)}}}'
        cluster.api.set_variable("taskbridge_settings", settings)
        _make(cluster, tasks)
        two = _run(cluster)
        cluster.stack.kill("worker-2")
        one = _run(cluster)
    plan, other = two.pop("plan"), one.pop("plan")
    if plan != other or plan["rows"] < tasks:
        raise PlansDiffer(f"One worker planned {other}, two {plan}, of {tasks:,} tasks.")
    print(f"{plan['rows']:,} writes planned in {PARTS} parts: one worker {one}, two workers {two}")
    for what, name in (("parts", f"{PARTS} parts, two workers"), ("planning", "parts and plan, two workers")):
        yield Result.of(name, two[what], one[what], None, "one worker", figure="7")


def _make(cluster: Cluster, tasks: int) -> None:
    salesforce = cluster.systems.salesforce
    owner = look(cluster.systems).users["salesforce"]["ben@example.com"]
    for start in range(0, tasks, _A_CALL):
        records = [
            {
                "attributes": {"type": "Task"},
                "OwnerId": owner,
                "Subject": f"Task {number}",
                "Description": "x" * 300,
            }
            for number in range(start, min(start + _A_CALL, tasks))
        ]
        answers = salesforce.write(f"{API}/composite/sobjects", {"records": records})
        assert all(answer["success"] for answer in answers), answers[0]


def _run(cluster: Cluster) -> dict[str, Any]:
    run = cluster.start(dry_run=True)
    assert cluster.end(run) == "success", cluster.task_states(SYNC, run)
    parts = cluster.parts(run)
    first, last = (edge(_times(parts, name)) for edge, name in ((min, "start_date"), (max, "end_date")))
    [decided] = _times([cluster.task(run, "decide")], "end_date")
    [plan] = cluster.rows(_PLAN, f"{SYNC}/{run}%")
    return {
        "parts": round((last - first).total_seconds(), 1),
        "planning": round((decided - first).total_seconds(), 1),
        "plan": plan,
    }


def _times(tasks: list[dict[str, Any]], name: str) -> list[datetime]:
    return [datetime.fromisoformat(task[name]) for task in tasks]


def main() -> None:
    for result in measure(100_000):
        print(result)


if __name__ == "__main__":
    main()
