"""Text that no database can hold, in any answer of the two systems (G4, invariant 18)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter

from taskbridge.core.frames import rows_of
from taskbridge.core.run import RunOutcome
from taskbridge.sides.http_answer import loads
from taskbridge.sides.sales_connect import records as sales_connect_records
from taskbridge.sides.salesforce import records as salesforce_records
from taskbridge.sides.salesforce.bulk_csv import read_file
from taskbridge.sides.salesforce.marking import Marked
from taskbridge.store import Ledger
from tests.contract.sandbox_process import Sandbox
from tests.contract.test_decode import SC, SF
from tests.contract.test_whole_runs import BothWorlds

ODD = ("a\x00b", "half \ud83d", "\udfff")

TEXT = st.text(st.characters(blacklist_categories=()) | st.sampled_from("\x00\ud800\udfff"), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def texts(value: Any) -> Iterator[str]:
    """Every text of decoded JSON, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


@given(JSON, st.booleans())
@example("\x00", True)
def test_every_text_of_an_answer_can_be_stored_once_it_is_read(value: Any, escaped: bool) -> None:
    raw = json.dumps(value, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    for text in texts(loads(raw)):
        assert "\x00" not in text
        text.encode()


@pytest.mark.parametrize("raw", [b'"a\x00b"', b'"caf\xe9"', b'"\xed\xa0\x80"', b'\xef\xbb\xbf"\\ud800"'])
def test_bytes_that_are_no_text_spoil_their_own_text_only(raw: bytes) -> None:
    bad, good = loads(b"[" + raw.removeprefix(b"\xef\xbb\xbf") + b', "good"]')
    assert good == "good"
    assert any(shown in bad for shown in "\u2400\ufffd")


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("field", [name for name, value in SC.items() if isinstance(value, str)] + ["person"])
def test_G4_each_column_of_a_sales_connect_task_parks_it_alone(field: str, odd: str) -> None:
    value: Any = {"salesforce_id": odd} if field == "person" else odd
    bad, good = _read(sales_connect_records.decode_tasks, {**SC, field: value}, {**SC, "id": 43})
    assert good["problem_code"] is None
    assert (bad["remote_id"], bad["problem_code"]) == ("42", "UNSTORABLE_TEXT")
    assert bad["title"] is bad["details"] is None


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("field", [name for name in SF if name not in ("attributes", "Id")])
def test_G4_each_column_of_a_salesforce_task_parks_it_alone(field: str, odd: str) -> None:
    if isinstance(SF[field], bool):
        pytest.skip("no text")
    bad, good = _read(_salesforce, {**SF, field: odd}, {**SF, "Id": "00T5g0000000002"})
    assert good["problem_code"] is None
    assert (bad["remote_id"], bad["problem_code"]) == (SF["Id"], "UNSTORABLE_TEXT")
    assert bad["status"] is None


@pytest.mark.parametrize("odd", ODD)
def test_G4_a_user_whose_name_cannot_be_stored_takes_part(odd: str) -> None:
    told = {"Id": "0055g0000000001", "Email": "a@example.com", "IsActive": True, "UserType": "Standard"}
    (user,) = _read(salesforce_records.decode_users, {**told, "Name": odd, "TimeZoneSidKey": odd})
    assert (user["active"], user["standard"], user["email"]) == (True, True, "a@example.com")
    told = {"id": 7, "email": "a@example.com", "active": True, "salesforce_task_sync": True}
    (user,) = _read(sales_connect_records.decode_users, {**told, "name": odd, "time_zone": odd})
    assert (user["active"], user["sync_on"]) == (True, True)


@pytest.mark.parametrize("cell", [b"a\x00b", b"caf\xe9", b"\xed\xa0\x80"])
def test_G4_a_result_file_is_read_whatever_its_cells_hold(cell: bytes) -> None:
    bad, good = read_file(b'"sf__Id","sf__Error"\n"1","' + cell + b'"\n"2","fine"\n')
    assert (good["sf__Id"], good["sf__Error"]) == ("2", "fine")
    assert bad["sf__Id"] == "1"
    assert any(shown in bad["sf__Error"] for shown in "\u2400\ufffd")


class Spoiling(HTTPAdapter):
    """Puts odd text at the end of every text of the `number`th answer, or of all answers."""

    def __init__(self, odd: str, number: int | None) -> None:
        super().__init__()
        self.odd, self.number, self.answers = odd, number, 0

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        response = super().send(request, *args, **options)
        self.answers += 1
        if self.number in (None, self.answers - 1) and response.content.startswith((b"{", b"[")):
            response._content = json.dumps(_spoilt(response.json(), self.odd)).encode()
        return response


def _spoilt(value: Any, odd: str) -> Any:
    if isinstance(value, dict):
        return {name: _spoilt(inner, odd) for name, inner in value.items()}
    if isinstance(value, list):
        return [_spoilt(inner, odd) for inner in value]
    return value + odd if isinstance(value, str) else value


@pytest.mark.postgres
@pytest.mark.parametrize("number", [None, 0, 2, 4, 6])
def test_G4_odd_text_in_any_answer_ends_the_run_and_nothing_is_lost_or_doubled(
    sandbox: Sandbox, ledger: Ledger, number: int | None
) -> None:
    both = BothWorlds(sandbox, ledger, batch=True, feed=True)
    both.sc.create("from Sales Connect")
    both.sf.create("from Salesforce")
    both.sc.advance(60)
    both.sf.advance(60)
    _over(both, Spoiling(ODD[(number or 0) % len(ODD)], number))
    both.run()  # what it met is in its report: nothing is raised
    _over(both, HTTPAdapter())
    for _ in range(3):
        both.sync(wait=900)
    assert both.sync().outcome is RunOutcome.CLEAN
    salesforce, sales_connect = both.tasks()
    assert sorted(one["Subject"] for one in salesforce) == ["from Sales Connect", "from Salesforce"]
    assert sorted(one["name"] for one in sales_connect) == ["from Sales Connect", "from Salesforce"]


def _over(both: BothWorlds, adapter: HTTPAdapter) -> None:
    for side in (both.sc.side, both.sf.side):
        side._channel._session.mount("https://", adapter)
        side._channel._grant = None


def _salesforce(records: list[Any]) -> Any:
    return salesforce_records.decode_tasks(records, Marked("Taskbridge_Id__c"))


def _read(decode: Any, *records: Any) -> list[dict[str, Any]]:
    """What becomes of records as they come over the wire."""
    return rows_of(decode(loads(json.dumps(records).encode())))
