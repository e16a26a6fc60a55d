"""Documents in memory, written through to SQLite."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

Document = Mapping[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    table_name TEXT NOT NULL,
    key TEXT NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (table_name, key)
)
"""
_UPSERT = """
INSERT INTO documents (table_name, key, body) VALUES (?, ?, ?)
ON CONFLICT (table_name, key) DO UPDATE SET body = excluded.body
"""


class Store:
    """Tables of JSON documents by key, in the order of their first insertion.

    What `put` returned from is on disk and outlives the process, also after `kill -9` (not a crash of the
    machine). A document is a value: never change one that you got, put a new one. One thread uses a store.
    """

    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute(_SCHEMA)
        self._tables: dict[str, dict[str, Document]] = {}
        self._versions: dict[str, int] = {}
        self._undo: list[tuple[str, str, Document | None]] = []
        self._depth = 0
        for table, key, body in self._db.execute("SELECT table_name, key, body FROM documents ORDER BY seq"):
            self._tables.setdefault(table, {})[key] = orjson.loads(body)

    def close(self) -> None:
        self._db.close()

    def get(self, table: str, key: str) -> Document | None:
        return self._tables.get(table, {}).get(key)

    def rows(self, table: str) -> Iterable[Document]:
        return self._tables.get(table, {}).values()

    def count(self, table: str) -> int:
        return len(self._tables.get(table, ()))

    def tables(self) -> list[str]:
        return [name for name, documents in self._tables.items() if documents]

    def version(self, table: str) -> int:
        """Grows with every change of the table: what was computed at an equal version still holds."""
        return self._versions.get(table, 0)

    def put(self, table: str, key: str, doc: Document) -> None:
        self.put_many(table, [(key, doc)])

    def put_many(self, table: str, items: Iterable[tuple[str, Document]]) -> None:
        """All or nothing. Raises TypeError for what JSON cannot hold (a datetime must be written as text)."""
        encoded = [
            (key, doc, orjson.dumps(doc, option=orjson.OPT_PASSTHROUGH_DATETIME)) for key, doc in items
        ]
        if len(encoded) > 1 and self._depth == 0:
            with self.transaction():
                self._write(table, encoded)
        else:
            self._write(table, encoded)

    def remove(self, table: str, key: str) -> None:
        """Raises KeyError when there is no such document."""
        old = self._tables.get(table, {})[key]
        self._db.execute("DELETE FROM documents WHERE table_name = ? AND key = ?", (table, key))
        self._remember(table, key, old)
        del self._tables[table][key]

    def clear(self, *tables: str) -> None:
        """Empties the named tables, or all of them when none is named."""
        for table in tables or list(self._tables):
            for key in list(self._tables.get(table, {})):
                self.remove(table, key)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, in memory and on disk. An inner transaction that fails undoes only its own part."""
        depth, mark = self._depth, len(self._undo)
        self._db.execute(f"SAVEPOINT level_{depth}")
        self._depth += 1
        try:
            yield
            self._db.execute(f"RELEASE level_{depth}")
        except BaseException:
            self._db.execute(f"ROLLBACK TO level_{depth}")
            self._db.execute(f"RELEASE level_{depth}")
            self._roll_back_memory(mark)
            raise
        finally:
            self._depth = depth
            if depth == 0:
                self._undo.clear()

    def _write(self, table: str, encoded: list[tuple[str, Document, bytes]]) -> None:
        self._db.executemany(_UPSERT, [(table, key, body) for key, _, body in encoded])
        documents = self._tables.setdefault(table, {})
        for key, doc, _ in encoded:
            self._remember(table, key, documents.get(key))
            documents[key] = doc

    def _remember(self, table: str, key: str, old: Document | None) -> None:
        self._versions[table] = self.version(table) + 1
        if self._depth:
            self._undo.append((table, key, old))

    def _roll_back_memory(self, mark: int) -> None:
        reordered = set()
        while len(self._undo) > mark:
            table, key, old = self._undo.pop()
            self._versions[table] = self.version(table) + 1
            if old is None:
                del self._tables[table][key]
            else:
                if key not in self._tables[table]:
                    reordered.add(table)
                self._tables[table][key] = old
        for table in reordered:
            order = self._db.execute("SELECT key FROM documents WHERE table_name = ? ORDER BY seq", (table,))
            self._tables[table] = {key: self._tables[table][key] for (key,) in order}
