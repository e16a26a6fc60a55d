"""What Salesforce says of Task to the integration user, and what TaskBridge needs of it."""

from __future__ import annotations

from typing import Any, Final

from taskbridge.core.contract import FieldNeed, FieldShape, ObjectNeed, ObjectShape
from taskbridge.core.fields import SALESFORCE_WORDS
from taskbridge.errors import ContractBroken
from taskbridge.sides.salesforce_records import TASK_FIELDS, USER_FIELDS, WIRE

_SET_ONCE: Final = ("WhoId",)

_WITHOUT: Final = {
    "WhoId": "no task is told whom it is about, in neither direction",
    "TaskSubtype": "every task counts as a reminder, logged e-mails and calls too (C2)",
    "CompletedDateTime": "tasks that were completed when they were made cannot be told, and take part (C2)",
    "IsArchived": "the staging does not tell which tasks are archived",
    "TimeZoneSidKey": "the time zone of Salesforce users is not known",
}
"""Fields that TaskBridge does without, and what it means: their columns are null then."""


def task_need(marker_field: str | None) -> ObjectNeed:
    """Fields that are read, those that are written, and the words that are written into picklists.

    `marker_field`: null where the org has none, and none is asked for.
    """
    column = {wire: name for name, wire in WIRE.items()}
    fields = tuple(
        FieldNeed(
            name,
            create=name in column or name in _SET_ONCE,
            update=name in column,
            values=SALESFORCE_WORDS.get(column.get(name, ""), ()),
            without=_WITHOUT.get(name, ""),
        )
        for name in TASK_FIELDS
    )
    return ObjectNeed("Task", fields, marker_field, shared="Activity")


def user_need() -> ObjectNeed:
    """Fields that are read."""
    fields = tuple(FieldNeed(name, without=_WITHOUT.get(name, "")) for name in USER_FIELDS)
    return ObjectNeed("User", fields, rights=("read",))


def read_shape(described: Any) -> ObjectShape:
    """A describe answer. Raises ContractBroken for one of another shape."""
    try:
        return ObjectShape(
            name=described["name"],
            readable=described["queryable"] and described["retrieveable"],
            createable=described["createable"],
            updateable=described["updateable"],
            deletable=described["deletable"],
            fields={each["name"]: _field(each) for each in described["fields"]},
        )
    except (KeyError, TypeError) as error:
        raise ContractBroken(
            "salesforce_default: expected the description of an object with its rights and fields, "
            f"got one without {error}"
        ) from error


def _field(described: dict[str, Any]) -> FieldShape:
    return FieldShape(
        name=described["name"],
        createable=described["createable"],
        updateable=described["updateable"],
        external_id=described["externalId"],
        unique=described["unique"],
        restricted=described["restrictedPicklist"],
        values=tuple(each["value"] for each in described["picklistValues"] if each["active"]),
    )
