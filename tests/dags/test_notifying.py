"""Notifiers of Airflow that are told what has changed: the one for mail, and a real mail server."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.dags.mailbox import Mailbox, open_mailbox
from tests.dags.world import SALES_CONNECT, Installation

MAIL = "airflow.providers.smtp.notifications.smtp.SmtpNotifier"
ARGUMENTS = {
    "to": "ops@example.com",
    "from_email": "taskbridge@example.com",
    "subject": "TaskBridge: {{ notice.subject }}",
    "html_content": "<pre>{{ notice.text | e }}</pre>",
}
SECRET = "hunter2-and-longer"


@pytest.fixture
def mailbox(world: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    # `dag.test` makes runs of a person alone.
    monkeypatch.setattr("taskbridge.operators.notifying.started_by_the_clock", lambda _: True)
    with open_mailbox() as mailbox:
        world.connection(
            "AIRFLOW_CONN_SMTP_DEFAULT",
            conn_type="smtp",
            host="127.0.0.1",
            port=mailbox.port,
            extra={"disable_tls": True, "disable_ssl": True},
        )
        yield mailbox


def tell(world: Installation, *names: str) -> None:
    notifiers = [{"notifier": name, "arguments": ARGUMENTS} for name in names]
    world.settings(json.dumps({"notifiers": notifiers}))


def test_a_refused_login_is_told_once_and_so_is_its_end(world: Installation, mailbox: Mailbox) -> None:
    tell(world, MAIL)
    url = world.sandbox.sales_connect.url
    world.connection(SALES_CONNECT, conn_type="sales_connect", host=url, login="nobody", password=SECRET)
    for _ in range(2):
        assert world.run().state == "failed"
    world.connect()
    world.execute("SELECT bridge.resume_side('sales_connect', 'Ada')")
    for _ in range(2):
        assert world.run().state == "success"
    paused, back = mailbox.received
    assert paused["To"] == "ops@example.com"
    assert str(paused["Subject"]).startswith("TaskBridge: Sales Connect is paused: ")
    assert back["Subject"] == "TaskBridge: Sales Connect is back."
    body = back.get_body()
    assert body
    assert "Run " in body.get_content(), "the report of the run is in it"
    assert SECRET not in paused.as_string() + back.as_string()


def test_a_notifier_that_cannot_tell_is_a_warning_and_keeps_nobody_from_being_told(
    world: Installation, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    world.sandbox.salesforce.fault(endpoint="GET *query*", kind="status", status=400, code="X", times=None)
    tell(world, "airflow.providers.nowhere.Notifier", "pathlib.Path")
    assert world.run().state == "failed"
    told = [line.message for line in caplog.records if line.levelname == "WARNING"]
    for name in ("airflow.providers.nowhere.Notifier", "pathlib.Path"):
        assert any(line.startswith(f"{name} could not tell") for line in told), told
    assert world.rows("SELECT 1 FROM bridge.notice") == []
    tell(world, "airflow.providers.nowhere.Notifier", MAIL)
    assert world.run().state == "failed"
    (failed,) = mailbox.received
    assert str(failed["Subject"]).startswith("TaskBridge: task_sync failed: ")
    assert [row["subject"] for row in world.rows("SELECT subject FROM bridge.notice")] == ["failed:task_sync"]
