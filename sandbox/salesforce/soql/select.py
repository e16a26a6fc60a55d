"""SELECT: what a row of the answer looks like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.kernel.store import Document

from ..catalog import NAME
from ..records import Getter, Records
from ..schema import SObject
from .resolve import Column, Hop, Scope, name_reader
from .syntax import Call, FieldSet, Path, Query

Row = dict[str, Any]
Projection = Callable[[Document], Row]

_FIELDS_LIMIT = 200


def columns(scope: Scope, query: Query) -> list[Column]:
    """The selected columns. Raises ApiError for unknown or repeated fields."""
    found: list[Column] = []
    seen: set[str] = set()
    for item in query.select:
        for path in _paths(scope, query, item):
            column = scope.column(path)
            if column.name in seen:
                raise scope.error("INVALID_FIELD", path.at, f"duplicate field selected: {column.name}")
            seen.add(column.name)
            found.append(column)
    return found


def _paths(scope: Scope, query: Query, item: Path | Call | FieldSet) -> list[Path]:
    if isinstance(item, Path):
        return [item]
    assert isinstance(item, FieldSet), "calls are answered by aggregate"
    if item.which not in ("ALL", "STANDARD", "CUSTOM"):
        raise scope.error("MALFORMED_QUERY", item.at, f"unexpected token: '{item.which}'")
    if item.which != "STANDARD" and (query.limit is None or query.limit > _FIELDS_LIMIT):
        message = f"The SOQL FIELDS function must have a LIMIT of at most {_FIELDS_LIMIT}"
        raise scope.error("MALFORMED_QUERY", item.at, message)
    return [
        Path(field.name, item.at)
        for field in scope.sobject.fields
        if item.which == "ALL" or field.custom == (item.which == "CUSTOM")
    ]


class _Node:
    """The fields selected of one object, and of what it looks up to, in order of first mention."""

    def __init__(self) -> None:
        self.entries: dict[str, Getter | tuple[Hop, _Node]] = {}

    def add(self, records: Records, sobject: SObject, column: Column, depth: int = 0) -> None:
        if depth == len(column.hops):
            self.entries[column.field.name] = _own_reader(records, sobject, column)
            return
        hop = column.hops[depth]
        entry = self.entries.setdefault(hop.relationship, (hop, _Node()))
        assert isinstance(entry, tuple), "a relationship never has the name of a field"
        entry[1].add(records, hop.target, column, depth + 1)


def _own_reader(records: Records, sobject: SObject, column: Column) -> Getter:
    field = column.field
    return name_reader(records, field) if sobject is NAME else records.getter(sobject, field)


def projection(records: Records, sobject: SObject, selected: list[Column], base: str) -> Projection:
    """From a document to its row; `base` is `/services/data/vNN.0`."""
    root = _Node()
    for column in selected:
        root.add(records, sobject, column)
    return _project(records, sobject, root, base)


def _project(records: Records, sobject: SObject, node: _Node, base: str) -> Projection:
    readers: list[tuple[str, Getter]] = []
    for name, entry in node.entries.items():
        readers.append((name, _parent_reader(records, *entry, base) if isinstance(entry, tuple) else entry))

    def project(doc: Document) -> Row:
        actual = records.of_id(doc["Id"]) if sobject is NAME else sobject
        path = actual.name if actual else sobject.name
        row: Row = {"attributes": {"type": sobject.name, "url": f"{base}/sobjects/{path}/{doc['Id']}"}}
        for name, read in readers:
            row[name] = read(doc)
        return row

    return project


def _parent_reader(records: Records, hop: Hop, node: _Node, base: str) -> Getter:
    inner = _project(records, hop.target, node, base)
    lookup = hop.lookup.name

    def read(doc: Document) -> Row | None:
        parent = records.find(doc.get(lookup))
        return None if parent is None else inner(parent)

    return read
