"""G3: what a sync holds is asked for by a DAG run of its own, and a person's answer is carried out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from tests.dags.world import Ended, Installation

DAG = "task_sync_approval"
NOTHING = '{"limits": {"count": 0, "share": 0, "delete_share": 0, "user_count": 0, "user_share": 0}}'
TITLE = "Ring *Ann* | {{ 1 }}"


Answers = Callable[..., list[dict[str, str]]]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Lets a person choose these options, as by Airflow's API, when `dag.test` sleeps since a question waits.

    Answers the list of what is asked.
    """
    sleep = time.sleep

    def choose(*options: str, before: Callable[[], None] = lambda: None) -> list[dict[str, str]]:
        asked: list[dict[str, str]] = []

        def instead(seconds: float) -> None:
            if threading.current_thread() is not threading.main_thread() or not _answer(
                options, asked, before
            ):
                sleep(seconds)

        monkeypatch.setattr(time, "sleep", instead)
        return asked

    return choose


def _answer(options: tuple[str, ...], asked: list[dict[str, str]], before: Callable[[], None]) -> bool:
    from airflow.api_fastapi.core_api.datamodels.hitl import UpdateHITLDetailPayload
    from airflow.api_fastapi.core_api.routes.public.hitl import update_hitl_detail
    from airflow.models.hitl import HITLDetail
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    user: Any = SimpleNamespace(get_id=lambda: "7", get_name=lambda: "ada")
    parked = select(HITLDetail).join(TaskInstance, HITLDetail.ti_id == TaskInstance.id)
    with create_session() as session:
        question = session.scalar(parked.where(TaskInstance.state == "awaiting_input"))
        if question is None:
            return False
        asked.append({"subject": question.subject, "body": question.body})
        before()
        said = UpdateHITLDetailPayload(chosen_options=list(options), params_input={})
        update_hitl_detail(DAG, question.task_instance.run_id, "ask", said, user, session)
    return True


def complete(world: Installation, record_id: str) -> None:
    body = {"as": "ben@example.com", "fields": {"Status": "Completed"}}
    world.sandbox.salesforce.control("PATCH", f"/people/Task/{record_id}", body)
    world.let_time_pass()


def statuses(world: Installation) -> dict[str, str]:
    tasks = world.sandbox.sales_connect.control("GET", "/snapshot")["tasks"]
    return {task["name"]: task["status"] for task in tasks}


def only_request(world: Installation) -> dict[str, Any]:
    return world.rows("SELECT * FROM mart.approvals ORDER BY approval_id DESC LIMIT 1")[0]


@pytest.fixture
def held(world: Installation) -> tuple[Installation, Ended]:
    """One completion, held by a sync run."""
    body = {"as": "ben@example.com", "fields": {"Subject": TITLE}}
    record_id = world.sandbox.salesforce.control("POST", "/people/Task", body)["id"]
    world.let_time_pass()
    world.sync()
    world.settings(NOTHING)
    complete(world, record_id)
    return world, world.run()


def test_G3_a_sync_that_holds_something_starts_a_run_that_asks_and_waits_for_nobody(
    held: tuple[Installation, Ended],
) -> None:
    world, ended = held
    request = only_request(world)
    assert (ended.state, ended.tasks["ask_people"]) == ("success", "success")
    assert request["dag_run_id"] == f"approval-{request['approval_id']}"
    assert _state_of(request["dag_run_id"]) == "queued"
    note = f"Request {request['approval_id']}: complete 1 task?"
    assert ended.xcom["requests", "return_value"] == [
        {
            "trigger_run_id": request["dag_run_id"],
            "note": note,
            "conf": {"approval_id": request["approval_id"]},
        }
    ]
    assert _note_of(request["dag_run_id"]) == note
    again = world.run()
    assert again.xcom["requests", "return_value"] == [], "it is being asked about"
    _forget(request["dag_run_id"])
    asked_again = world.run().xcom["requests", "return_value"]
    assert [one["trigger_run_id"] for one in asked_again] == [f"{request['dag_run_id']}-2"]


def test_G3_S3_an_approval_is_shown_recorded_and_carried_out_when_the_sync_is_on(
    held: tuple[Installation, Ended], answers: Answers
) -> None:
    world, _ = held
    approval_id = only_request(world)["approval_id"]
    asked = answers("Approve")
    world.switch(None)
    off = world.run(DAG, approval_id=approval_id)
    assert [one["subject"] for one in asked] == [f"Request {approval_id}: complete 1 task?"]
    assert r"Ring \*Ann\* \| \{\{ 1 \}\}" in asked[0]["body"], (
        "a title is text, never Markdown nor a template"
    )
    assert "status in Sales Connect: open → complete" in asked[0]["body"]
    assert (off.tasks["ask"], off.tasks["gate"]) == ("success", "skipped")
    assert "Ann" not in repr(off.xcom), "XCom holds names of people and counts, never records"
    request = only_request(world)
    assert (request["state"], request["answer"], request["answered_by"]) == ("answered", "approved", "ada")

    world.switch("true")
    _forget(request["dag_run_id"])
    [start] = world.run().xcom["requests", "return_value"]
    assert statuses(world)[TITLE] == "open"
    assert world.run(DAG, **start["conf"]).state == "success"
    assert len(asked) == 1, "nobody is asked a second time"
    assert statuses(world)[TITLE] == "complete"
    assert (only_request(world)["state"], only_request(world)["written"]) == ("carried_out", 1)
    run = world.rows("SELECT mode, asked_by FROM bridge.run ORDER BY run_id DESC LIMIT 1")[0]
    assert run == {"mode": "approval", "asked_by": "ada"}

    twice = world.run(DAG, approval_id=approval_id)
    assert twice.state == "failed"
    assert "has been carried out" in twice.error


def test_G3_a_rejection_writes_nothing_and_is_not_asked_for_again(
    held: tuple[Installation, Ended], answers: Answers
) -> None:
    world, _ = held
    approval_id = only_request(world)["approval_id"]
    answers("Reject")
    assert world.run(DAG, approval_id=approval_id).state == "success"
    assert only_request(world)["rejected"] == 1
    after = world.run()
    assert after.tasks["requests"] == "skipped"
    assert after.xcom["report", "return_value"]["outcome"] == "clean"
    assert statuses(world)[TITLE] == "open"


def test_G3_who_is_no_approver_releases_nothing(held: tuple[Installation, Ended], answers: Answers) -> None:
    """Airflow keeps others from answering (tests/e2e); here the approvers were named after it had asked."""
    world, _ = held
    approval_id = only_request(world)["approval_id"]
    answers("Approve", before=lambda: world.settings('{"approvers": ["ben"]}'))
    ended = world.run(DAG, approval_id=approval_id)
    assert ended.state == "failed"
    assert "ada is not among the approvers (ben)" in ended.xcom["ask", "error"]
    assert only_request(world)["state"] == "open"


def test_a_run_that_names_no_request_says_what_it_expected(world: Installation) -> None:
    assert "expected the number of a request" in world.run(DAG).error
    assert "knows no request 404" in world.run(DAG, approval_id=404).error


def _note_of(dag_run_id: str) -> str | None:
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        found = session.scalars(select(DagRun).where(DagRun.run_id == dag_run_id)).one()
        note: str | None = found.note
        return note


def _state_of(run_id: str) -> str:
    return str(_runs(run_id)[0].state)


def _runs(run_id: str) -> list[Any]:
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        found = session.scalars(select(DagRun).where(DagRun.dag_id == DAG, DagRun.run_id == run_id)).all()
        session.expunge_all()
        return list(found)


def _forget(run_id: str) -> None:
    """Somebody deletes the DAG run."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    with create_session() as session:
        session.execute(delete(DagRun).where(DagRun.dag_id == DAG, DagRun.run_id == run_id))
