"""Answers that are too deep or too large end in a sentence, and take no more memory than they may."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from taskbridge.core.terms import Op
from taskbridge.errors import ContractBroken, TaskBridgeError
from taskbridge.sides import http_answer
from tests.contract.scripted import listing, scripted_sales_connect, scripted_salesforce
from tests.contract.test_guarded import TASK, update
from tests.contract.worlds import SalesforceWorld, write

BOUND = 100_000


@pytest.fixture
def bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_answer, "LARGEST_ANSWER", BOUND)


@pytest.mark.parametrize("depth", [600, 2_000, 200_000])
@pytest.mark.parametrize("status", [200, 400])
def test_an_answer_that_is_nested_too_deeply_is_one_sentence(depth: int, status: int) -> None:
    deep = depth * b"[" + depth * b"]"
    side, _ = scripted_sales_connect((status, deep))
    with pytest.raises(TaskBridgeError, match=rf"sales_connect_default: .*HTTP {status}|expected"):
        side.connect()


def test_a_record_with_a_deep_field_is_read_all_the_same() -> None:
    """A field that is none of ours is in the copy of the record alone."""
    depth = 400
    task: dict[str, Any] = {"id": 7, "name": "t", "extra": None}
    for _ in range(depth):
        task["extra"] = [task["extra"]]
    side, _ = scripted_sales_connect((200, json.dumps(listing(task)).encode()))
    (row,) = side.read_ids(["7"], {}).to_dict("records")
    assert row["remote_id"] == "7"


@pytest.mark.usefixtures("bound")
def test_a_read_that_is_too_large_is_not_read_on() -> None:
    side, _ = scripted_sales_connect((200, b" " * (BOUND + 1)))
    with pytest.raises(ContractBroken, match=r"sales_connect_default: .*more than 0 MB"):
        side.connect()


@pytest.mark.usefixtures("bound")
def test_G2_a_write_whose_answer_is_too_large_is_looked_up() -> None:
    side, _ = scripted_salesforce((200, b" " * (BOUND + 1)))
    assert update(side, {TASK: None}) == {TASK: ("unknown", "SERVER_FAILED")}


@pytest.mark.usefixtures("bound")
def test_what_counts_is_the_size_unpacked(salesforce: SalesforceWorld) -> None:
    packed = gzip.compress(b" " * 50 * BOUND)
    assert len(packed) < BOUND
    salesforce.side.connect()
    # The sandbox's faults send texts: a page of blanks, as any server would pack it.
    salesforce.service.fault(kind="status", status=200, body=" " * (BOUND + 1), endpoint="GET *query*")
    with pytest.raises(ContractBroken, match="more than"):
        salesforce.side.connect()
    (made,) = write(salesforce.side, Op.CREATE, salesforce.new("t", "tb:x:1:1"))
    assert made["outcome"] == "done"
