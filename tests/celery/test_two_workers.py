"""The sync on two Celery workers that share nothing but the network, while parts of it die under a run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.celery.cluster import SYNC, WORKERS, Cluster, two_workers

pytestmark = pytest.mark.e2e

ADA, BEN = "ada@example.com", "ben@example.com"
CREATE = "POST *sobjects*"  # how the sync makes tasks in Salesforce
LOAD = "upsert_salesforce"
SECONDS = 6.0  # that an answer takes: in this time something dies
SETTINGS = '{"lease_minutes": 1}'


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with two_workers(tmp_path_factory.mktemp("stack") / "celery") as cluster:
        cluster.api.set_variable("taskbridge_settings", SETTINGS)
        yield cluster


@pytest.fixture
def synced(cluster: Cluster) -> Cluster:
    """Both sides equal, and both workers there."""
    if not cluster.rows("SELECT 1 FROM mart.sync_runs WHERE outcome = 'clean'"):
        cluster.run()
    return cluster


def held_in_the_middle(cluster: Cluster, name: str) -> str:
    """A run whose load has written to one side already or will do so, and waits for the other side's answer."""
    cluster.people_make("sales_connect", ADA, [f"{name}, to Salesforce {number}" for number in range(6)])
    cluster.people_make("salesforce", BEN, [f"{name}, to Sales Connect {number}" for number in range(3)])
    cluster.hold("salesforce", CREATE, SECONDS)
    run = cluster.start()
    cluster.wait_until_held("salesforce")
    return run


def test_a_run_ends_clean_and_both_workers_take_part(cluster: Cluster) -> None:
    used: set[str] = set()
    for _ in range(4):
        run = cluster.run()
        assert cluster.outcome(run) == "clean"
        places = cluster.places(run)
        used |= set(places.values())
        if used == set(WORKERS.values()):
            break
    assert used == set(WORKERS.values()), "a run has more tasks than one worker takes at a time"
    assert cluster.differences() == []
    told = cluster.api.task_log(SYNC, run, "report")
    assert "clean" in told, "what a task says lies on its worker's disk, and is fetched from there"


def test_G2_a_worker_that_dies_in_a_load_costs_a_run_and_nothing_else(synced: Cluster) -> None:
    run = held_in_the_middle(synced, "Power cut")
    dead = WORKERS[synced.task(run, LOAD)["hostname"]]
    synced.stack.kill(dead)
    assert synced.end(run) == "failed"
    assert synced.task(run, LOAD)["state"] == "failed"
    assert synced.task(run, "settle")["state"] == "success", "the other worker closes the run"
    assert synced.outcome(run) == "failed"
    synced.let_go()
    later = synced.mend()
    assert set(synced.places(later).values()) == set(WORKERS.values()) - {dead}
    assert synced.differences() == []
    synced.stack.start_again(dead)


def test_a_worker_that_dies_in_a_part_costs_no_run(synced: Cluster) -> None:
    synced.api.set_variable("taskbridge_settings", '{"lease_minutes": 1, "rows_per_task": 1}')
    synced.people_make("sales_connect", ADA, [f"Part, to Salesforce {number}" for number in range(4)])
    synced.people_make("salesforce", BEN, [f"Part, to Sales Connect {number}" for number in range(4)])

    def both_plan() -> bool:
        running = {WORKERS[part["hostname"]] for part in synced.parts(run) if part["state"] == "running"}
        return running == set(WORKERS.values())

    with synced.parts_held():
        run = synced.start()
        synced.wait_for("part on either worker", both_plan)
        dead = "worker-2"
        synced.stack.kill(dead)
    assert synced.end(run) == "success"
    tries = Counter((part["state"], part["try_number"]) for part in synced.parts(run))
    assert set(tries) == {("success", 1), ("success", 2)}, "what died with its worker is tried once more"
    told = synced.api.task_log(SYNC, run, "decide")
    assert re.search(r"(\d+) of \1 parts were planned by tasks of their own", told), told
    assert synced.outcome(run) == "clean"
    assert synced.differences() == []
    synced.stack.start_again(dead)
    synced.api.set_variable("taskbridge_settings", SETTINGS)


def test_a_broker_that_is_away_for_a_moment_fails_nothing(synced: Cluster) -> None:
    run = held_in_the_middle(synced, "Broker")
    synced.stack.stop_broker()
    synced.wait_for("end of the load", lambda: synced.task(run, LOAD)["state"] == "success")
    assert synced.task(run, "settle")["state"] in (None, "scheduled", "queued"), (
        "nobody can be told to take it"
    )
    synced.stack.start_broker()
    synced.let_go()
    assert synced.end(run) == "success"
    assert synced.outcome(run) == "clean"
    synced.mend()
    assert synced.differences() == []


def test_a_database_that_restarts_under_a_run_loses_and_doubles_nothing(synced: Cluster) -> None:
    with synced.service_manager():
        run = held_in_the_middle(synced, "Database")
        synced.stack.restart_postgres()
        synced.end(run)
        synced.let_go()
        synced.mend()
        assert synced.differences() == []
