import pytest
from pydantic import ValidationError

from sandbox.kernel.faults import Fault, FaultBook


def strikes(book: FaultBook, endpoint: str, calls: int) -> list[bool]:
    return [book.for_call(endpoint) is not None for _ in range(calls)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, [True, False, False, False]),
        ({"nth": 3}, [False, False, True, False]),
        ({"nth": 2, "times": 2}, [False, True, True, False]),
        ({"nth": 2, "times": None}, [False, True, True, True]),
    ],
)
def test_strikes_from_the_nth_call_on_and_as_often_as_told(
    rule: dict[str, int], expected: list[bool]
) -> None:
    book = FaultBook()
    book.add(Fault(kind="drop_before", **rule))
    assert strikes(book, "GET /x", 4) == expected


def test_the_endpoint_is_a_glob_over_names() -> None:
    book = FaultBook()
    book.add(Fault(kind="status", status=503, endpoint="POST /v2/tasks*", times=None))
    assert strikes(book, "POST /v2/tasks", 1) == strikes(book, "POST /v2/tasks/batch", 1) == [True]
    assert strikes(book, "GET /v2/tasks", 1) == strikes(book, "POST /v2/users", 1) == [False]


def test_every_fitting_rule_counts_and_the_first_due_one_strikes() -> None:
    book = FaultBook()
    book.add(Fault(kind="status", status=500))
    book.add(Fault(kind="status", status=502, nth=2))
    struck = [fault.status if (fault := book.for_call("GET /x")) else None for _ in range(3)]
    assert struck == [500, 502, None]
    assert [(rule["matched"], rule["struck"]) for rule in book.list()] == [(3, 1), (3, 1)]


def test_row_kinds_and_call_kinds_do_not_mix() -> None:
    book = FaultBook()
    book.add(Fault(kind="row_error", code="UNABLE_TO_LOCK_ROW", record="Call Ada", times=None))
    book.add(Fault(kind="late", seconds=30, record="k1"))
    assert book.for_call("PATCH /x") is None
    assert book.for_row("PATCH /x", {"17", "Call Ben"}) is None
    locked = book.for_row("PATCH /x", {"17", "Call Ada"})
    assert locked is not None
    assert locked.code == "UNABLE_TO_LOCK_ROW"
    assert book.lag_for("PATCH /x", {"k2"}) == 0.0
    assert [book.lag_for("PATCH /x", {"k1"}) for _ in range(2)] == [30.0, 0.0]


def test_names_of_a_call_are_asked_for_only_where_a_rule_needs_them() -> None:
    book = FaultBook()
    book.add(Fault(kind="drop_after", endpoint="POST *", record="k1"))
    assert book.wants_names("POST /x")
    assert not book.wants_names("GET /x")
    assert book.for_call("POST /x", lambda: {"k2"}) is None
    assert book.for_call("POST /x", lambda: {"k1"}) is not None


def test_a_fault_can_be_removed() -> None:
    book = FaultBook()
    first = book.add(Fault(kind="drop_before"))
    book.add(Fault(kind="drop_after"))
    book.remove(first)
    assert [rule["kind"] for rule in book.list()] == ["drop_after"]
    with pytest.raises(KeyError):
        book.remove(first)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"kind": "explode"}, "Input should be"),
        ({"kind": "status"}, "needs"),
        ({"kind": "slow"}, "needs"),
        ({"kind": "late"}, "needs"),
        ({"kind": "row_error"}, "needs"),
        ({"kind": "drop_after", "status": 500}, "no use for"),
        ({"kind": "stranger"}, "needs"),
        ({"kind": "stranger", "status": 404}, "answers with one of"),
        ({"kind": "stranger", "status": 407, "location": "https://a.example"}, "only a redirect"),
        ({"kind": "stranger", "status": 302, "body": "x"}, "no use for"),
        ({"kind": "slow", "seconds": 1, "body": "x"}, "no use for"),
        ({"kind": "drop_before", "nth": 0}, "greater than or equal to 1"),
        ({"kind": "drop_before", "endpiont": "*"}, "Extra inputs"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(rule: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Fault.model_validate(rule)
