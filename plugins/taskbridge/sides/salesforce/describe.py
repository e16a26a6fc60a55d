"""What Salesforce says of Task to the integration user, and what TaskBridge needs of it."""

from __future__ import annotations

from typing import Final

from taskbridge.core.contract import FieldNeed, FieldShape, ObjectNeed, ObjectShape
from taskbridge.core.fields import SALESFORCE_WORDS
from taskbridge.sides.salesforce.records import TASK_FIELDS, USER_FIELDS, WIRE
from taskbridge.sides.shapes import Shape

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


class _Value(Shape):
    expected = "a value of a picklist"
    value: str | None
    active: bool


class _Field(Shape):
    expected = "a field"
    name: str
    createable: bool
    updateable: bool
    externalId: bool
    unique: bool
    restrictedPicklist: bool
    picklistValues: list[_Value]

    def shape(self) -> FieldShape:
        return FieldShape(
            name=self.name,
            createable=self.createable,
            updateable=self.updateable,
            external_id=self.externalId,
            unique=self.unique,
            restricted=self.restrictedPicklist,
            values=tuple(each.value for each in self.picklistValues if each.active and each.value),
        )


class Described(Shape):
    """An object as it is described."""

    expected = "the description of an object with its rights and fields"
    name: str
    queryable: bool
    retrieveable: bool
    createable: bool
    updateable: bool
    deletable: bool
    fields: list[_Field]

    def shape(self) -> ObjectShape:
        return ObjectShape(
            name=self.name,
            readable=self.queryable and self.retrieveable,
            createable=self.createable,
            updateable=self.updateable,
            deletable=self.deletable,
            fields={each.name: each.shape() for each in self.fields},
        )
