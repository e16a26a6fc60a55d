"""Up to 200 records in one call: every row on its own, or all or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from .errors import ApiError, invalid_reference, json_parser_error
from .ids import full_id
from .org import Author, Org
from .schema import Field, SObject

MAX_ROWS = 200
MAX_RETRIEVED = 2000
_MAX_TYPE_CHUNKS = 10

Row = dict[str, Any]
RowWork = Callable[[], Row]

_NO_ATTRIBUTES = (
    "Nested object for polymorphic foreign key must have an attributes field before any other fields."
)
_ROLLED_BACK = ApiError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


class _RolledBack(Exception):
    """Leaves the transaction so that nothing of it stays."""


def run_rows(
    org: Org, work: Sequence[RowWork], *, all_or_none: bool, failure: Mapping[str, Any]
) -> list[Row]:
    """Results in the order of `work`; `failure` is what failed rows carry besides their errors."""
    rows: list[Row] = []

    def failed(error: ApiError) -> Row:
        return {"success": False, "errors": [error.row()], **failure}

    try:
        with org.records.store.transaction():
            for one in work:
                try:
                    rows.append(one())
                except ApiError as error:
                    rows.append(failed(error))
            if all_or_none and not all(row["success"] for row in rows):
                raise _RolledBack
    except _RolledBack:
        return [failed(_ROLLED_BACK) if row["success"] else row for row in rows]
    return rows


def check_count(count: int, limit: int = MAX_ROWS, what: str = "Id") -> None:
    """Raises ApiError for no rows or too many."""
    if count == 0:
        raise ApiError("REQUIRED_FIELD_MISSING", f"At least 1 {what} is required.")
    if count > limit:
        message = f"record limit reached. cannot submit more than {limit} records into this call"
        raise ApiError("EXCEEDED_ID_LIMIT", message)


def records_of(body: Mapping[str, Any]) -> tuple[list[Row], bool]:
    """The records and allOrNone of a request body. Raises ApiError."""
    records, all_or_none = body.get("records"), all_or_none_of(body)
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise json_parser_error("Cannot deserialize instance of list of records at [line:1, column:1]")
    if unknown := set(body) - {"records", "allOrNone"}:
        raise json_parser_error(f'Unrecognized field "{min(unknown)}" at [line:1, column:1]')
    check_count(len(records), what="record")
    return records, all_or_none


def all_or_none_of(body: Mapping[str, Any]) -> bool:
    """Null is false. Raises ApiError for what is no boolean."""
    value = body.get("allOrNone")
    if not isinstance(value, bool | None):
        raise json_parser_error("Cannot deserialize instance of boolean for allOrNone at [line:1, column:1]")
    return value or False


def create_rows(org: Org, records: Sequence[Row], author: Author) -> list[RowWork]:
    _check_chunks(records)
    return [partial(_created, org, record, author) for record in records]


def _created(org: Org, record: Row, author: Author) -> Row:
    sobject, fields = _typed(org, record)
    return _success(org.create(sobject, fields, author))


def update_rows(org: Org, records: Sequence[Row], author: Author) -> list[RowWork]:
    _check_chunks(records)
    seen: set[str] = set()
    return [partial(_updated, org, record, seen, author) for record in records]


def _updated(org: Org, record: Row, seen: set[str], author: Author) -> Row:
    sobject, fields = _typed(org, record)
    given = _take(fields, "Id")
    if given is None:
        raise ApiError("MISSING_ARGUMENT", "Id not specified in an update call")
    record_id = existing_id(org, given, sobject)
    if record_id in seen:
        raise ApiError("DUPLICATE_VALUE", f"duplicate id specified: {record_id[:15]}")
    seen.add(record_id)
    org.update(sobject, record_id, fields, author)
    return _success(record_id)


def delete_rows(org: Org, ids: Sequence[str], author: Author) -> list[RowWork]:
    return [partial(_deleted, org, given, author) for given in ids]


def _deleted(org: Org, given: str, author: Author) -> Row:
    record_id = existing_id(org, given)
    org.delete(_seen_object(org, record_id), record_id, author)
    return _success(record_id)


def hard_delete_rows(org: Org, ids: Sequence[str], author: Author) -> list[RowWork]:
    """Past the bin; no collection does this, only Bulk jobs."""
    return [partial(_hard_deleted, org, given, author) for given in ids]


def _hard_deleted(org: Org, given: str, author: Author) -> Row:
    row = _deleted(org, given, author)
    org.remove_for_good(row["id"])
    return row


def upsert_rows(
    org: Org, sobject: SObject, key: Field, records: Sequence[Row], author: Author
) -> list[RowWork]:
    values = Counter(_peek(record, key.name) for record in records)
    repeated = {value for value, count in values.items() if count > 1 and value is not None}
    return [partial(_upserted, org, sobject, key, record, repeated, author) for record in records]


def _upserted(org: Org, sobject: SObject, key: Field, record: Row, repeated: set[Any], author: Author) -> Row:
    actual, fields = _typed(org, record)
    if actual is not sobject:
        raise ApiError("INVALID_TYPE", f"all records must be of type {sobject.name}")
    value = _take(fields, key.name)
    if key.name == "Id":
        return _upserted_by_id(org, sobject, value, fields, author)
    if isinstance(value, str) and value in repeated:
        raise ApiError("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", 400, [key.name])
    if "id" in (name.lower() for name in fields):
        raise ApiError("INVALID_FIELD", "cannot specify both an external ID reference and a salesforce id")
    record_id, created = org.upsert(sobject, key, value, fields, author)
    return _success(record_id) | {"created": created}


def _upserted_by_id(org: Org, sobject: SObject, value: Any, fields: Row, author: Author) -> Row:
    if value is None:
        return _success(org.create(sobject, fields, author)) | {"created": True}
    record_id = existing_id(org, value, sobject)
    org.update(sobject, record_id, fields, author)
    return _success(record_id) | {"created": False}


def existing_id(org: Org, given: Any, sobject: SObject | None = None) -> str:
    """The 18-character id of a record that exists or is in the bin. Raises ApiError as in collections."""
    record_id = full_id(given)
    if record_id is None:
        raise ApiError("MALFORMED_ID", f"malformed id {given}")
    doc = org.records.find(record_id)
    wrong_type = sobject is not None and record_id[:3] != sobject.key_prefix
    if doc is None or wrong_type or not org.records.visible()(doc):
        raise invalid_reference()
    return record_id


def _seen_object(org: Org, record_id: str) -> SObject:
    """Raises ApiError where the API's user may not see the object at all."""
    whole = org.records.of_id(record_id)
    assert whole is not None, "an existing record belongs to an object"
    seen = org.records.catalog.get(whole.name.lower())
    if seen is None:
        raise invalid_reference()
    return seen


def _success(record_id: str) -> Row:
    return {"id": record_id, "success": True, "errors": []}


def _typed(org: Org, record: Row) -> tuple[SObject, Row]:
    attributes = record.get("attributes")
    if not isinstance(attributes, dict) or not isinstance(attributes.get("type"), str):
        raise json_parser_error(_NO_ATTRIBUTES)
    sobject = org.records.catalog.get(attributes["type"].lower())
    if sobject is None or not sobject.listed:
        raise ApiError("INVALID_TYPE", f"sObject type '{attributes['type']}' is not supported.")
    return sobject, {name: value for name, value in record.items() if name != "attributes"}


def _take(fields: Row, name: str) -> Any:
    """Takes the value out of the record; names have any case."""
    actual = next((each for each in fields if each.lower() == name.lower()), None)
    return None if actual is None else fields.pop(actual)


def _peek(record: Row, name: str) -> str | None:
    value = _take(dict(record), name)
    return value if isinstance(value, str) else None


def _check_chunks(records: Sequence[Row]) -> None:
    """Neighbours of one type form a chunk."""
    attributes = [record.get("attributes") for record in records]
    types = [each.get("type") if isinstance(each, dict) else None for each in attributes]
    chunks = sum(1 for before, after in zip([object(), *types], types, strict=False) if before != after)
    if chunks > _MAX_TYPE_CHUNKS:
        message = f"records of different types form {chunks} chunks, at most {_MAX_TYPE_CHUNKS} are allowed"
        raise ApiError("LIMIT_EXCEEDED", message)
