"""A real StatsD sink gets the documented numbers of a real run."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from taskbridge.engine.metrics import NAMES
from tests.dags.apart import run_apart
from tests.dags.test_runs import create_in_sales_connect
from tests.dags.world import Installation
from tests.engine.test_metrics import documented

PREFIX = "airflow."


@contextmanager
def sink() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.setblocking(False)
        yield udp


def received(udp: socket.socket) -> dict[str, tuple[float, str]]:
    """By name the value and kind (c, g, ms) of all that arrived: on one machine, what was sent has arrived."""
    found = {}
    while True:
        try:
            line = udp.recv(4096).decode()
        except BlockingIOError:
            return found
        name, _, rest = line.partition(":")
        value, kind = rest.split("|")[:2]
        found[name.removeprefix(PREFIX)] = float(value), kind


def test_a_statsd_server_gets_the_documented_numbers_of_a_run(world: Installation) -> None:
    world.sync()
    world.let_time_pass()
    create_in_sales_connect(world, "Made in Sales Connect")
    with sink() as udp:
        host, port = udp.getsockname()
        run_apart(
            "task_sync",
            AIRFLOW__METRICS__STATSD_ON="True",
            AIRFLOW__METRICS__STATSD_HOST=host,
            AIRFLOW__METRICS__STATSD_PORT=str(port),
            # Airflow's own are many.
            AIRFLOW__METRICS__METRICS_ALLOW_LIST="taskbridge",
        )
        told = received(udp)
    kinds = {"counter": "c", "gauge": "g", "timing": "ms"}
    assert {name: kind for name, (_, kind) in told.items()} == {
        name: kinds[NAMES[documented(name)][0]] for name in told
    }
    assert told["taskbridge.run.clean"] == (1, "c")
    assert told["taskbridge.action.salesforce.create.done"] == (1, "c")
    assert told["taskbridge.waiting.parked"] == (0, "g")
    assert 0 <= told["taskbridge.behind_seconds"][0] < 60
    assert 0 < told["taskbridge.run_time"][0] < 60_000
    calls = world.rows("SELECT side, sum(calls) AS n FROM bridge.api_usage WHERE kind <> 'login' "
                       "AND run_id = (SELECT max(run_id) FROM bridge.run) GROUP BY side")  # fmt: skip
    assert {f"taskbridge.calls.{row['side']}": (row["n"], "c") for row in calls}.items() <= told.items()
    assert told["taskbridge.calls_left.salesforce"][0] > 0
