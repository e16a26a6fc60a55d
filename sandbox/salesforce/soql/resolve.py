"""From field paths of a query to functions that read them."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.kernel.store import Document

from ..catalog import NAME
from ..errors import ApiError
from ..records import Getter, Records
from ..schema import Field, SObject
from .errors import query_error
from .syntax import Path, Query

_REFERENCE = "Please reference your WSDL or the describe call for the appropriate names."
_MAX_LEVELS = 5


@dataclass(frozen=True)
class Hop:
    """One relationship on the way to a field: its name, the lookup that holds the id, where it leads."""

    relationship: str
    lookup: Field
    target: SObject


@dataclass(frozen=True)
class Column:
    """A resolved path."""

    hops: tuple[Hop, ...]
    field: Field
    read: Getter

    @property
    def name(self) -> str:
        return ".".join([*(hop.relationship for hop in self.hops), self.field.name])


class Scope:
    """The object a query is about, its alias, and the text for error messages."""

    def __init__(self, records: Records, text: str, query: Query) -> None:
        self.records = records
        self.text = text
        self._alias = (query.alias or query.sobject).lower()
        found = records.catalog.get(query.sobject.lower())
        if found is None or not found.listed:
            raise query_error("INVALID_TYPE", text, query.sobject_at, _no_such_type(query.sobject))
        self.sobject = found

    def column(self, path: Path) -> Column:
        """Raises ApiError INVALID_FIELD for a field or relationship that does not exist."""
        parts = path.text.split(".")
        if len(parts) > 1 and parts[0].lower() in (self._alias, self.sobject.name.lower()):
            parts = parts[1:]
        if len(parts) - 1 > _MAX_LEVELS:
            raise self.error("INVALID_FIELD", path.at, "Only 5 levels of relationships are allowed")
        hops: list[Hop] = []
        sobject = self.sobject
        for part in parts[:-1]:
            hop = self._hop(sobject, part, path)
            hops.append(hop)
            sobject = hop.target
        field = sobject.by_lower_name.get(parts[-1].lower())
        if field is None:
            raise self.error("INVALID_FIELD", path.at, _no_such_column(parts[-1], sobject.name))
        return Column(tuple(hops), field, self._reader(hops, sobject, field))

    def error(self, code: str, at: int, message: str) -> ApiError:
        return query_error(code, self.text, at, message)

    def _hop(self, sobject: SObject, part: str, path: Path) -> Hop:
        lookup = sobject.by_relationship.get(part.lower())
        target = self._target(lookup) if lookup else None
        if lookup is None or target is None:
            message = (
                f"Didn't understand relationship '{part}' in field path. If you are attempting to use a "
                f"custom relationship, be sure to append the '__r' after the custom relationship name. "
                f"{_REFERENCE}"
            )
            raise self.error("INVALID_FIELD", path.at, message)
        return Hop(lookup.relationship or part, lookup, target)

    def _target(self, lookup: Field) -> SObject | None:
        """None for an object that the user may not see."""
        return NAME if lookup.polymorphic else self.records.catalog.get(lookup.reference_to[0].lower())

    def _reader(self, hops: list[Hop], sobject: SObject, field: Field) -> Getter:
        read = name_reader(self.records, field) if sobject is NAME else self.records.getter(sobject, field)
        for hop in reversed(hops):
            read = _through(self.records, hop.lookup.name, read)
        return read


def name_reader(records: Records, field: Field) -> Getter:
    """Reads a field of Name from the document of whatever object it is."""
    if field.name == "Type":
        return lambda doc: getattr(records.of_id(doc["Id"]), "name", None)
    return lambda doc: doc.get(field.name)


def _through(records: Records, lookup: str, read: Getter) -> Getter:
    def follow(doc: Document) -> object:
        parent = records.find(doc.get(lookup))
        return None if parent is None else read(parent)

    return follow


def _no_such_column(name: str, sobject: str) -> str:
    return (
        f"No such column '{name}' on entity '{sobject}'. If you are attempting to use a custom field, be "
        f"sure to append the '__c' after the custom field name. {_REFERENCE}"
    )


def _no_such_type(name: str) -> str:
    return (
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure "
        f"to append the '__c' after the entity name. {_REFERENCE}"
    )
