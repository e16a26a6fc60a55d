"""What cannot work fails with one sentence, writes nothing, and does not keep the next run from working."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from taskbridge.errors import DiskFull
from taskbridge.operators.step import disk_errors_told
from taskbridge.settings import Settings
from tests.contract.sandbox_process import running
from tests.dags.world import DATABASE, SALES_CONNECT, SALESFORCE, Installation

SECRET = "hunter2-and-longer"


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def no_sales_connect(world: Installation) -> None:
    world.without(SALES_CONNECT)


def no_salesforce(world: Installation) -> None:
    world.without(SALESFORCE)


def no_database(world: Installation) -> None:
    world.without(DATABASE)


def wrong_sales_connect_secret(world: Installation) -> None:
    url = world.sandbox.sales_connect.url
    world.connection(SALES_CONNECT, conn_type="sales_connect", host=url, login="nobody", password=SECRET)


def wrong_salesforce_secret(world: Installation) -> None:
    domain = f"{world.sandbox.salesforce.url.removeprefix('https://')}/services/oauth2/token#"
    extra = {"domain": domain, "consumer_key": "nobody", "consumer_secret": SECRET}
    world.connection(SALESFORCE, conn_type="salesforce", extra=extra)


def incomplete_salesforce(world: Installation) -> None:
    world.connection(SALESFORCE, conn_type="salesforce", extra={"consumer_secret": SECRET})


def sales_connect_elsewhere(world: Installation) -> None:
    host = f"https://127.0.0.1:{closed_port()}"
    world.connection(SALES_CONNECT, conn_type="sales_connect", host=host, login="x", password=SECRET)


def salesforce_elsewhere(world: Installation) -> None:
    domain = f"127.0.0.1:{closed_port()}/services/oauth2/token#"
    extra = {"domain": domain, "consumer_key": "x", "consumer_secret": SECRET}
    world.connection(SALESFORCE, conn_type="salesforce", extra=extra)


def salesforce_login_down(world: Installation) -> None:
    world.sandbox.salesforce.fault(
        endpoint="POST *oauth2*", kind="status", status=503, body="<html>Down</html>", times=None
    )


def database_elsewhere(world: Installation) -> None:
    world.connection(
        DATABASE,
        conn_type="postgres",
        host="127.0.0.1",
        port=closed_port(),
        schema="x",
        login="x",
        password=SECRET,
    )


def unknown_setting(world: Installation) -> None:
    world.settings('{"conflict_polcy": "latest_wins"}')


def unknown_template_field(world: Installation) -> None:
    world.settings('{"subject_template": "{{activity_subjekt}}"}')


CASES: list[tuple[Callable[[Installation], None], list[str]]] = [
    (no_sales_connect, ["sales_connect_default", "does not exist", "create it"]),
    (no_salesforce, ["salesforce_default", "does not exist", "create it"]),
    (no_database, ["taskbridge_db", "does not exist", "create it"]),
    (wrong_sales_connect_secret, ["sales_connect_default", "refused the login", "client id and secret"]),
    (wrong_salesforce_secret, ["salesforce_default", "refused the login", "consumer key"]),
    (incomplete_salesforce, ["salesforce_default", "no whole way of logging in", "consumer_key"]),
    (sales_connect_elsewhere, ["sales_connect_default", "cannot be reached", "127.0.0.1", "check host"]),
    (salesforce_elsewhere, ["salesforce_default", "cannot be reached", "127.0.0.1", "check host"]),
    (salesforce_login_down, ["salesforce_default", "HTTP 503", "the next run tries again"]),
    (database_elsewhere, ["127.0.0.1", "does not answer", "taskbridge_db"]),
    (unknown_setting, ["conflict_polcy", "latest_wins", "conflict_policy"]),
    (unknown_template_field, ["subject_template", "activity_subjekt", "activity_subject"]),
]


@pytest.mark.parametrize(("spoil", "words"), CASES, ids=[case[0].__name__ for case in CASES])
def test_it_fails_with_one_sentence_and_the_next_run_works(
    world: Installation, spoil: Callable[[Installation], None], words: list[str]
) -> None:
    world.forget_calls()
    spoil(world)
    ended = world.run()
    assert ended.state == "failed"
    assert ended.tasks["open"] == ended.tasks["report"] == "failed"
    assert ended.tasks["extract_salesforce"] == ended.tasks["settle"] == "upstream_failed"
    said = ended.xcom["open", "error"]
    assert all(word in said for word in words), said
    assert "\n" not in said
    assert SECRET not in repr(ended.xcom)
    assert world.calls("writes") == (0, 0)
    assert world.rows("SELECT * FROM bridge.action") == []

    world.connect()
    world.settings("{}")
    world.sandbox.salesforce.control("DELETE", "/faults")
    # What a person does who has corrected credentials and does not want to wait.
    world.execute("SELECT bridge.resume_side(side, 'Ada') FROM bridge.side_state")
    assert world.run().state == "success"


def test_a_schema_behind_the_code(world: Installation, empty_database_url: str) -> None:
    behind = Installation(world.sandbox, empty_database_url, world.monkeypatch)
    behind.connect()
    behind.forget_calls()
    ended = behind.run()
    assert ended.state == "failed"
    assert "make migrate" in ended.xcom["open", "error"]
    assert behind.calls() == (0, 0)


def test_an_expired_certificate(world: Installation, tmp_path: Path) -> None:
    with running(tmp_path, "--expired-certificate") as expired:
        old = Installation(expired, world.database_url, world.monkeypatch)
        old.connect()
        ended = old.run()
    assert ended.state == "failed"
    assert "certificate" in ended.xcom["open", "error"]
    assert "expired" in ended.xcom["open", "error"]


def test_an_unknown_user(world: Installation) -> None:
    ended = world.run(users=["nobody@example.com"])
    assert ended.state == "failed"
    assert "nobody@example.com" in ended.xcom["open", "error"]
    assert "ada@example.com" in ended.xcom["open", "error"].casefold()
    assert world.calls("writes") == (0, 0)


def test_a_misspelt_parameter_does_not_start_a_real_run(world: Installation) -> None:
    world.forget_calls()
    ended = world.run(dryrun=True)
    assert ended.state == "failed"
    assert "dryrun" in ended.xcom["gate", "error"]
    assert "dry_run" in ended.xcom["gate", "error"]
    assert world.calls() == (0, 0)


def test_a_run_keeps_the_settings_it_was_opened_with(world: Installation) -> None:
    world.settings('{"reject_tolerance": 7}')
    ended = world.run()
    [run] = world.rows("SELECT settings, settings_fingerprint FROM bridge.run")
    kept = Settings.kept(run["settings"])
    assert kept.reject_tolerance == 7
    assert kept.fingerprint == run["settings_fingerprint"]
    assert ("open", "settings") not in ended.xcom


def test_G3_nothing_that_limits_a_write_comes_from_xcom(
    world: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More people may write XCom than Variables: limits that somebody put there count for nothing."""
    from airflow.models.xcom import XComModel

    from taskbridge.operators.planning import RecoverOperator

    step = RecoverOperator.step

    def tampered(self: RecoverOperator, engine: Any, run: Any, context: Any) -> int:
        place = {"dag_id": self.dag_id, "task_id": "open", "run_id": context["dag_run"].run_id}
        XComModel.set(key="settings", value=Settings().model_dump(mode="json"), **place)
        return step(self, engine, run, context)

    monkeypatch.setattr(RecoverOperator, "step", tampered)
    world.settings('{"limits": {"count": 0, "share": 0, "user_count": 0, "user_share": 0}}')
    body = {"as": "ben@example.com", "fields": {"Subject": "Ring Ann"}}
    world.run()
    world.sandbox.salesforce.control("POST", "/people/Task", body)
    world.let_time_pass()
    ended = world.run()
    assert ended.xcom["report", "return_value"]["outcome"] == "held"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_of_the_worker_is_a_sentence(number: int) -> None:
    with (
        pytest.raises(DiskFull, match=r"no space left \(/opt/airflow/logs/x\): free some"),
        disk_errors_told(),
    ):
        raise OSError(number, "No space left on device", "/opt/airflow/logs/x")


def test_another_error_of_the_system_is_left_as_it_is() -> None:
    with pytest.raises(PermissionError), disk_errors_told():
        raise PermissionError(errno.EACCES, "Permission denied", "/x")
