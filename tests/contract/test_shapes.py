"""Answers of another shape: from any 200 that is not what it should be follows one sentence, whatever the call is."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
import requests

from taskbridge.core.run import Window
from taskbridge.core.terms import Op
from taskbridge.engine.ports import JobSight, JobState, unfenced
from taskbridge.errors import ContractBroken, TaskBridgeError
from taskbridge.sides.http_answer import HttpAnswer
from taskbridge.sides.sales_connect.side import SalesConnectSide
from taskbridge.sides.salesforce.ids import to_18
from taskbridge.sides.salesforce.side import SalesforceSide
from tests.contract.bulk_jobs import asked
from tests.contract.scripted import Script, listing, scripted_sales_connect, scripted_salesforce
from tests.contract.worlds import write

END = datetime(2026, 3, 10, 12, tzinfo=UTC)
WEEK = Window(END - timedelta(days=7), END)
TASK, USER, CONTACT = to_18("00T5g0000000001"), to_18("0055g0000000001"), to_18("0035g0000000001")
JOB = to_18("7505g0000000001")
STAMP = "2026-03-08T08:00:00.000+0000"

SC_TASK = {
    "id": 7,
    "name": "Call",
    "status": "open",
    "priority": "normal",
    "assignee_id": 1,
    "created_at": "2026-03-08T08:00:00.000001Z",
    "updated_at": "2026-03-08T08:00:00.000001Z",
    "idempotency_key": "tb:x:1:1",
}
SC_USER = {"id": 1, "email": "ada@example.com", "name": "Ada", "active": True, "salesforce_task_sync": True}
DELETE = {"id": 7, "deleted_at": "2026-03-08T08:00:00.000001Z", "idempotency_key": "tb:x:1:1"}
SF_TASK = {
    **dict.fromkeys(("SystemModstamp", "LastModifiedDate", "CreatedDate"), STAMP),
    **dict.fromkeys(("IsDeleted", "IsClosed", "IsRecurrence", "IsArchived"), False),
    "Id": TASK,
    "Status": "Not Started",
    "Priority": "Normal",
    "OwnerId": USER,
    "Subject": "Call",
}
SF_USER = {"Id": USER, "Email": "ada@example.com", "Name": "Ada", "IsActive": True, "UserType": "Standard"}
FIELD = {
    "name": "Status",
    **dict.fromkeys(("createable", "updateable"), True),
    **dict.fromkeys(("externalId", "unique", "restrictedPicklist"), False),
    "picklistValues": [{"value": "Completed", "active": True}],
}
DESCRIBED = {
    "name": "Task",
    **dict.fromkeys(("queryable", "retrieveable", "createable", "updateable", "deletable"), True),
    "fields": [FIELD],
}


def page(*records: Any) -> dict[str, Any]:
    return {"totalSize": len(records), "done": True, "records": list(records)}


def part(name: str, body: Any) -> dict[str, Any]:
    return {"referenceId": name, "httpStatusCode": 200, "body": body}


def job(state: str) -> dict[str, Any]:
    counts = {"numberRecordsProcessed": 1, "numberRecordsFailed": 0}
    return {"id": JOB, "state": state, "systemModstamp": STAMP, "errorMessage": None, **counts}


def read_all(pages: Iterator[Any]) -> list[Any]:
    return list(pages)


NEW = {"title": "t", "marker": "tb:x:1:1", "person": CONTACT}
SC_NEW = {**NEW, "status": "open", "priority": "normal", "owner": "1"}
SF_NEW = {**NEW, "status": "Not Started", "priority": "Normal", "owner": USER}
DONE = [{"id": TASK, "success": True, "errors": []}]
REFUSED = [
    {"success": False, "errors": [{"statusCode": "ENTITY_IS_DELETED", "message": "gone", "fields": []}]}
]


def sc_write(op: Op, **row: Any) -> Callable[[SalesConnectSide], Any]:
    return lambda side: write(side, op, row)


def sf_write(op: Op, **row: Any) -> Callable[[SalesforceSide], Any]:
    return lambda side: write(side, op, row)


def guarded(side: SalesforceSide) -> None:
    rows = asked(Op.UPDATE, [{"remote_id": TASK, "title": "t"}])
    side.write(Op.UPDATE, rows.assign(unmodified_since=pd.Timestamp(END)))


def results(side: SalesforceSide) -> Any:
    assert side.jobs is not None
    sight = JobSight(JobState.ENDED, processed=1, ended_at=END)
    return side.jobs.outcomes(JOB, Op.CREATE, asked(Op.CREATE, [SF_NEW]), sight)


def by_job(side: SalesforceSide) -> Any:
    object.__setattr__(side._queries.jobs, "sleep", lambda _: None)
    return list(side._queries.jobs.read("SELECT Id FROM Task"))


SALES_CONNECT: dict[str, tuple[Callable[[SalesConnectSide], Any], list[Any]]] = {
    "connect": (lambda side: side.connect(), [listing(SC_USER)]),
    "feed": (lambda side: side.tells_deletes(), [listing(DELETE)]),
    "changes": (lambda side: read_all(side.read_changes(WEEK)), [listing(SC_TASK)]),
    "further pages": (
        lambda side: read_all(side.read_changes(WEEK)),
        [listing(SC_TASK, total=2, next_page=2), listing(SC_TASK)],
    ),
    "deletes": (lambda side: read_all(side.read_deletes(WEEK)), [listing(DELETE)]),
    "owned": (
        lambda side: read_all(side.read_owned(["1"], None, END, open_only=False)),
        [listing(SC_TASK)],
    ),
    "users": (lambda side: side.read_users(["1"]), [{"data": SC_USER}]),
    "ids": (lambda side: side.read_ids(["7"], {}), [listing(SC_TASK)]),
    "one": (lambda side: side.read_ids(["7"], {}), [listing(), {"data": SC_TASK}]),
    "markers": (lambda side: side.find_markers(["tb:x:1:1"]), [listing(SC_TASK)]),
    "deleted markers": (lambda side: side.find_markers(["tb:x:1:1"]), [listing(), listing(DELETE)]),
    "carries": (lambda side: side.carries_markers(), [listing(SC_TASK)]),
    "people": (
        sc_write(Op.CREATE, **SC_NEW),
        [
            listing({"id": 3, "salesforce_id": CONTACT}),
            {"results": [{"index": 0, "status": 201, "data": SC_TASK}]},
        ],
    ),
    "batch": (
        sc_write(Op.UPDATE, remote_id="7", title="t"),
        [{"results": [{"index": 0, "status": 200, "data": SC_TASK}]}],
    ),
}

SALESFORCE: dict[str, tuple[Callable[[SalesforceSide], Any], list[Any]]] = {
    "connect": (lambda side: side.connect(), [page(SF_USER)]),
    "connect and describe": (
        lambda side: side.connect(describe=True),
        [{"compositeResponse": [part("users", page(SF_USER)), part("Task", DESCRIBED)]}],
    ),
    "contract": (lambda side: side.contract(), [DESCRIBED]),
    "allowance": (lambda side: side.allowance(), [{"DailyApiRequests": {"Max": 15000, "Remaining": 3}}]),
    "deletes": (lambda side: side.tells_deletes(), [page(SF_TASK)]),
    "people": (lambda side: side.hidden_people(), [page({"Id": CONTACT, "IsDeleted": False}), page()]),
    "changes": (lambda side: read_all(side.read_changes(WEEK)), [page(SF_TASK)]),
    "further pages": (
        lambda side: read_all(side.read_changes(WEEK)),
        [
            {**page(SF_TASK), "totalSize": 2, "done": False, "nextRecordsUrl": "/next"},
            page({**SF_TASK, "Id": USER}),
        ],
    ),
    "log": (
        lambda side: read_all(side.read_deletes(WEEK)),
        [
            {
                "deletedRecords": [{"id": TASK, "deletedDate": STAMP}],
                "earliestDateAvailable": "2026-01-01T00:00:00.000+0000",
                "latestDateCovered": "2026-03-10T12:00:00.000+0000",
            }
        ],
    ),
    "owned": (lambda side: read_all(side.read_owned([USER], None, END, open_only=True)), [page(SF_TASK)]),
    "users": (lambda side: side.read_users([USER]), [page(SF_USER)]),
    "ids": (lambda side: side.read_ids([TASK], {}), [page(SF_TASK)]),
    "whole": (lambda side: side.read_ids([TASK], {}, whole=True), [page(SF_TASK)]),
    "brought back": (
        lambda side: side._originals.add([{"payload": '{"CallDisposition": "Busy"}'}]),
        [{"fields": [{"name": "CallDisposition", "type": "string", "createable": True}]}],
    ),
    "retrieve": (lambda side: read_all(iter([side._queries.retrieved([TASK, USER])])), [[SF_TASK, None]]),
    "markers": (lambda side: side.find_markers(["tb:x:1:1"]), [page(SF_TASK)]),
    "whose session": (lambda side: side._me(), [{"user_id": USER}]),
    "carries": (lambda side: side.carries_markers(), [page(SF_TASK)]),
    "create": (sf_write(Op.CREATE, **SF_NEW), [DONE]),
    "create without its person": (
        sf_write(Op.CREATE, **SF_NEW),
        [
            REFUSED,
            page({"Id": CONTACT, "IsDeleted": True, "MasterRecordId": to_18("0035g0000000002")}),
            page(),
            DONE,
        ],
    ),
    "update": (sf_write(Op.UPDATE, remote_id=TASK, title="t"), [DONE]),
    "delete": (sf_write(Op.DELETE, remote_id=TASK), [DONE]),
    "guarded": (guarded, [DONE]),
    "open a job": (lambda side: side.jobs and side.jobs.open(Op.UPDATE, 1, unfenced), [job("Open")]),
    "look at a job": (lambda side: side.jobs and side.jobs.look(JOB), [job("JobComplete")]),
    "results of a job": (results, [b'"sf__Id","sf__Created","Taskbridge_Id__c"\n"x","true","tb:x:1:1"\n']),
    "query job": (
        by_job,
        [job("UploadComplete"), job("JobComplete"), b'"Id"\n"00T5g0000000001AAA"\n', job("JobComplete"), b""],
    ),
}

ODD = (None, "12", -1, True, [], [None], {"x": None}, 10**40)


def spoilt(value: Any) -> Iterator[Any]:
    """The value with each part of it replaced by something odd, or missing."""
    yield from ODD
    places: list[Any] = list(value) if isinstance(value, dict) else []
    places = list(range(len(value))) if isinstance(value, list) else places
    for place in places:
        for part in spoilt(value[place]):
            other = copy.copy(value)
            other[place] = part
            yield other
        other = copy.copy(value)
        del other[place]
        yield other


class Patient(Script):
    """Gives its last answer again and again, and ends what reads without end."""

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        assert len(self.requests) < 400, "read without end"
        if len(self._answers) == 1:
            self._answers.append(self._answers[0])
        return super().send(request)


def answers(valid: list[Any]) -> Iterator[list[Any]]:
    for place, body in enumerate(valid):
        for other in (
            spoilt(body) if not isinstance(body, bytes) else (b"", b"\xff", b'"a', b"x\ny,z\n", b"null")
        ):
            yield [*valid[:place], other, *valid[place + 1 :]]
        yield [*valid[:place], b"<html>sign in</html>", *valid[place + 1 :]]


def judged(call: Callable[[Any], Any], side: Any, bodies: list[Any]) -> None:
    encoded = [body if isinstance(body, bytes) else json.dumps(body).encode() for body in bodies]
    side._channel._session.mount("https://", Patient(*((200, body) for body in encoded)))
    try:
        call(side)
    except TaskBridgeError as error:
        text = str(error)
        assert text.startswith(side._channel.connection) or "Salesforce does not know all deletes" in text, (
            text
        )
        assert "\n" not in text, text
        assert len(text) < 900, text
        if type(error) is ContractBroken:
            assert any(
                word in text for word in ("expected", "does not", "lacks", "ignores", "own", "no CSV")
            ), text


@pytest.mark.parametrize("name", SALES_CONNECT)
def test_any_answer_of_sales_connect_is_used_or_refused_in_a_sentence(name: str) -> None:
    call, valid = SALES_CONNECT[name]
    for bodies in [valid, *answers(valid)]:
        side, _ = scripted_sales_connect()
        side.features = frozenset({"batch", "deleted_tasks"})
        judged(call, side, [{"access_token": "token"}, *bodies])


@pytest.mark.parametrize("name", SALESFORCE)
def test_any_answer_of_salesforce_is_used_or_refused_in_a_sentence(name: str) -> None:
    call, valid = SALESFORCE[name]
    for bodies in [valid, *answers(valid)]:
        side, _ = scripted_salesforce()
        judged(call, side, bodies)


@pytest.mark.parametrize("name", SALESFORCE)
def test_answers_as_they_should_be_are_used(name: str) -> None:
    call, valid = SALESFORCE[name]
    if name in ("contract", "connect and describe"):
        return  # this description lacks fields
    side, _ = scripted_salesforce(*((200, body) for body in valid))
    call(side)


@pytest.mark.parametrize("body", [{"access_token": ["secret"]}, {"access_token": ""}, {}, [], "secret", None])
def test_no_login_of_another_shape_tells_a_secret(body: Any) -> None:
    side = SalesConnectSide("https://sc.example", "client", "hunter2")
    side._channel._session.mount("https://", Script((200, body)))
    with pytest.raises(
        ContractBroken, match=r"sales_connect_default: POST /oauth/token: expected a token"
    ) as no:
        side.connect()
    assert "secret" not in f"{no.value}{no.value.__cause__!r}{no.value.__context__!r}"


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ({"data": None, "metadata": listing()["metadata"]}, "null as data"),
        (listing(total="3"), "'3' as metadata.paging.total_count"),  # type: ignore[arg-type]
        ({"data": {}, "metadata": listing()["metadata"]}, "{} as data"),
        ([], "a list of 0"),
        ({"data": [], "metadata": {}}, "one without metadata.paging"),
    ],
)
def test_a_sentence_names_side_call_and_what_was_seen(body: Any, seen: str) -> None:
    side, _ = scripted_sales_connect((200, body))
    with pytest.raises(ContractBroken) as no:
        list(side.read_changes(WEEK))
    wanted = (
        f"sales_connect_default: GET /v2/tasks: expected a page with data and metadata.paging, got {seen}"
    )
    assert str(no.value) == wanted


@pytest.mark.parametrize(
    "date",
    [
        "Mon, 02 Mar 2026 08:00:00 GMT",
        "Mon, 02 Mar 2026 08:00:00",
        "Mon, 02 Mar 2026 08:00:00 -0000",
        "Mon, 02 Mar 2026 16:00:00 +0800",
        "Mon Mar  2 08:00:00 2026",
        "Monday, 02-Mar-26 08:00:00 GMT",
    ],
)
def test_the_servers_clock_is_utc_in_whichever_zone_the_worker_is(
    date: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Singapore")
    time.tzset()
    try:
        assert HttpAnswer("it", 200, {"Date": date}, b"").date == datetime(2026, 3, 2, 8, tzinfo=UTC)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "headers",
    [{}, *({"Date": date} for date in (
        "", "rubbish", "Mon, 99 Mar 2026 08:00:00 GMT", "Mon, 02 Mar 99999 08:00:00 GMT", "0",
        "Mon, 02 Mar 2026 08:00:00 +9999", "Mon, 02 Mar 9999 08:00:00 -1200", "2026-03-02T08:00:00Z",
    ))],
)  # fmt: skip
def test_a_clock_that_is_not_told_is_one_sentence(headers: dict[str, str]) -> None:
    answer = HttpAnswer("salesforce_default", 200, headers, b"", "GET /x")
    assert answer.date is None
    with pytest.raises(
        ContractBroken, match="salesforce_default: GET /x: the answer has no readable Date header"
    ):
        _ = answer.server_time
