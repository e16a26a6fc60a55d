"""Checks a record as it comes from a client and turns its values into the form in which they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .errors import ApiError, converted_lead, invalid_reference, json_parser_error, unknown_column
from .ids import full_id
from .records import Predicate, Records
from .schema import TEXT_TYPES, Field, SObject
from .stamps import parse_date, parse_datetime, stamp

# Targets of Task's lookups that the sandbox has no records of, by key prefix.
_ABSENT = {"Group": "00G", "Opportunity": "006", "Case": "500", "Campaign": "701"}
_INT_LIMIT = 2**31
_JSON_KINDS: tuple[tuple[type, str], ...] = (
    (str, "VALUE_STRING"),
    (int, "VALUE_NUMBER_INT"),
    (float, "VALUE_NUMBER_FLOAT"),
    (list, "START_ARRAY"),
    (dict, "START_OBJECT"),
)


def changes(
    records: Records, sobject: SObject, record: Mapping[str, Any], shows: Predicate, *, creating: bool
) -> dict[str, Any]:
    """The fields to set. `record` is without `attributes`; `shows`: which records the author may see.

    Raises ApiError for the first thing wrong.
    """
    named = [(_field(sobject, name), value) for name, value in record.items()]
    _refuse_read_only([field for field, _ in named], creating)
    return {field.name: _value(records, field, value, shows) for field, value in named}


def key_value(records: Records, key: Field, value: Any) -> Any:
    """The value of an external id in the form in which it is kept. Raises ApiError."""
    return None if value is None else _text(records, key, value)


def _field(sobject: SObject, name: str) -> Field:
    field = sobject.by_lower_name.get(name.lower())
    if field is None:
        raise unknown_column(name, sobject.name)
    return field


def _refuse_read_only(fields: Iterable[Field], creating: bool) -> None:
    names = [field.name for field in fields if not (field.createable if creating else field.updateable)]
    if creating and names == ["Id"]:
        raise ApiError("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", 400, ["Id"])
    if names:
        message = (
            f"Unable to create/update fields: {', '.join(names)}. Please check the security settings of "
            "this field and verify that it is read/write for your profile or permission set."
        )
        raise ApiError("INVALID_FIELD_FOR_INSERT_UPDATE", message, 400, names)


def missing(fields: Iterable[Field]) -> ApiError:
    names = [field.name for field in fields]
    message = f"Required fields are missing: [{', '.join(names)}]"
    return ApiError("REQUIRED_FIELD_MISSING", message, 400, names)


def _value(records: Records, field: Field, value: Any, shows: Predicate) -> Any:
    if value is None:
        return None
    if field.type in TEXT_TYPES:
        return _text(records, field, value)
    if field.type == "reference":
        return _reference(records, field, value, shows)
    if field.type == "boolean":
        return _of_kind(field, value, bool)
    if field.type == "int":
        return _whole_number(field, value)
    if field.type == "double":
        return float(_of_kind(field, value, int, float))
    text = _of_kind(field, value, str)
    if text == "":
        return None
    parsed: Any = parse_date(text) if field.type == "date" else parse_datetime(text)
    if parsed is None:
        raise _cannot_deserialize(field, value)
    return parsed.isoformat() if field.type == "date" else stamp(parsed)


def _of_kind(field: Field, value: Any, *kinds: type) -> Any:
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise _cannot_deserialize(field, value)
    return value


def _cannot_deserialize(field: Field, value: Any) -> ApiError:
    if isinstance(value, bool):
        kind, shown = f"VALUE_{str(value).upper()}", str(value).lower()
    else:
        kind = next(name for each, name in _JSON_KINDS if isinstance(value, each))
        shown = {"START_ARRAY": "[", "START_OBJECT": "{"}.get(kind, str(value))
    type_name = "string" if field.type in TEXT_TYPES else field.type
    return json_parser_error(
        f"Cannot deserialize instance of {type_name} from {kind} value {shown} or request may be missing "
        "a required field at [line:1, column:1]"
    )


def _whole_number(field: Field, value: Any) -> int:
    number: int = _of_kind(field, value, int)
    if not -_INT_LIMIT <= number < _INT_LIMIT:
        message = f"{field.label}: value outside of valid range: {number}"
        raise ApiError("NUMBER_OUTSIDE_VALID_RANGE", message, 400, [field.name])
    return number


def _text(records: Records, field: Field, value: Any) -> str | None:
    text: str = _of_kind(field, value, str)
    if records.switches.trim_text:
        text = text.strip()
    if len(text.encode("utf-16-le")) // 2 > field.length:
        message = f"{field.label}: data value too large: {text} (max length={field.length})"
        raise ApiError("STRING_TOO_LONG", message, 400, [field.name])
    if text and field.picklist and field.picklist.restricted and text not in field.picklist.values:
        message = f"{field.label}: bad value for restricted picklist field: {text}"
        raise ApiError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, 400, [field.name])
    return text or None


def _reference(records: Records, field: Field, value: Any, shows: Predicate) -> str | None:
    text: str = _of_kind(field, value, str)
    if text == "":
        return None
    found = full_id(text)
    prefixes = {_prefix(records, target) for target in field.reference_to}
    if found is None or found[:3] not in prefixes:
        message = f"{field.label}: id value of incorrect type: {text}"
        raise ApiError("MALFORMED_ID", message, 400, [field.name])
    target = records.find(found)
    if target is None:
        raise invalid_reference(field.name)
    if target.get("IsDeleted"):
        if records.switches.deleted_reference == "ENTITY_IS_DELETED":
            raise ApiError("ENTITY_IS_DELETED", "entity is deleted", 400, [])
        raise invalid_reference(field.name)
    if not shows(target):
        message = f"insufficient access rights on cross-reference id: {found[:15]}"
        raise ApiError("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", message, 400, [])
    if target.get("IsConverted"):
        raise converted_lead("reference")
    return found


def _prefix(records: Records, target: str) -> str | None:
    sobject = records.whole_catalog.get(target.lower())
    return sobject.key_prefix if sobject else _ABSENT.get(target)
