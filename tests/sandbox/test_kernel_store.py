from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sandbox.kernel.store import Document, Store


class Broken(Exception):
    """What goes wrong in the middle of a transaction."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = Store(path)
    yield opened
    opened.close()


def on_disk(path: Path, table: str) -> list[Document]:
    """What another process would find now, without the first one having closed."""
    second = Store(path)
    rows = list(second.rows(table))
    second.close()
    return rows


def test_a_put_is_on_disk_at_once_in_order_of_first_insertion(store: Store, path: Path) -> None:
    for key in ("b", "a", "c"):
        store.put("letters", key, {"key": key, "version": 1})
    store.put("letters", "b", {"key": "b", "version": 2})
    store.remove("letters", "a")
    expected = [{"key": "b", "version": 2}, {"key": "c", "version": 1}]
    assert list(store.rows("letters")) == expected
    assert on_disk(path, "letters") == expected
    assert store.get("letters", "a") is None
    assert store.count("letters") == 2


def test_a_failed_transaction_leaves_no_trace_in_memory_or_on_disk(store: Store, path: Path) -> None:
    before = [{"n": 1}, {"n": 2}, {"n": 3}]
    store.put_many("t", [(str(row["n"]), row) for row in before])
    with suppress(Broken), store.transaction():
        store.remove("t", "1")
        store.put("t", "2", {"n": 22})
        store.put("t", "4", {"n": 4})
        store.put("other", "x", {})
        raise Broken
    assert list(store.rows("t")) == before
    assert on_disk(path, "t") == before
    assert store.tables() == ["t"]


def test_an_inner_transaction_fails_alone(store: Store, path: Path) -> None:
    with store.transaction():
        store.put("t", "outer", {"n": 1})
        with suppress(Broken), store.transaction():
            store.put("t", "inner", {"n": 2})
            raise Broken
        store.put("t", "after", {"n": 3})
    assert list(store.rows("t")) == on_disk(path, "t") == [{"n": 1}, {"n": 3}]


def test_a_failed_outer_transaction_takes_finished_inner_ones_along(store: Store, path: Path) -> None:
    with suppress(Broken), store.transaction():
        with store.transaction():
            store.put("t", "inner", {"n": 1})
        raise Broken
    assert list(store.rows("t")) == on_disk(path, "t") == []


def test_version_moves_with_every_change_also_when_it_is_taken_back(store: Store) -> None:
    seen = {store.version("t")}
    store.put("t", "1", {})
    seen.add(store.version("t"))
    with suppress(Broken), store.transaction():
        store.remove("t", "1")
        seen.add(store.version("t"))
        raise Broken
    seen.add(store.version("t"))
    assert len(seen) == 4
    store.put("u", "1", {})
    assert store.version("t") == max(seen)


def test_what_json_cannot_hold_is_refused_whole(store: Store) -> None:
    with pytest.raises(TypeError):
        store.put_many("t", [("1", {}), ("2", {"set": {1}})])
    assert store.count("t") == 0


def test_clear_takes_the_named_tables_only(store: Store, path: Path) -> None:
    store.put("keep", "1", {})
    store.put("drop", "1", {})
    store.clear("drop", "never heard of")
    assert store.tables() == ["keep"]
    assert on_disk(path, "drop") == []
