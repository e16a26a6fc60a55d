"""Task as a stock org describes it, plus the unique external-id field defined on Activity."""

from __future__ import annotations

from .schema import (
    Field,
    Picklist,
    SObject,
    audit_fields,
    deleted_flag,
    flag,
    id_field,
    lookup,
    read_only,
    text,
)

STATUSES = ("Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred")
PRIORITIES = ("High", "Normal", "Low")
EXTERNAL_ID = "Taskbridge_Id__c"

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def _choice(name: str, label: str, values: tuple[str, ...], length: int = 40, **more: object) -> Field:
    picklist = Picklist(values, more.pop("default", None), bool(more.pop("restricted", True)))  # type: ignore[arg-type]
    return text(name, label, length, type="picklist", picklist=picklist, default=picklist.default, **more)


def _recurrence_fields() -> tuple[Field, ...]:
    return (
        flag("IsRecurrence", "Create Recurring Series of Tasks", updateable=False),
        read_only(
            lookup(
                "RecurrenceActivityId",
                "Recurrence Activity ID",
                "RecurrenceActivity",
                "Task",
                children="RecurringTasks",
            )
        ),
        Field("RecurrenceStartDateOnly", "date", "Recurrence Start"),
        Field("RecurrenceEndDateOnly", "date", "Recurrence End"),
        _choice(
            "RecurrenceTimeZoneSidKey",
            "Recurrence Time Zone",
            ("America/New_York", "Europe/Berlin", "Asia/Tokyo", "GMT"),
        ),
        _choice(
            "RecurrenceType",
            "Recurrence Type",
            (
                "RecursDaily",
                "RecursEveryWeekday",
                "RecursMonthly",
                "RecursMonthlyNth",
                "RecursWeekly",
                "RecursYearly",
                "RecursYearlyNth",
            ),
        ),
        Field("RecurrenceInterval", "int", "Recurrence Interval"),
        Field("RecurrenceDayOfWeekMask", "int", "Recurrence Day of Week Mask"),
        Field("RecurrenceDayOfMonth", "int", "Recurrence Day of Month"),
        _choice("RecurrenceInstance", "Recurrence Instance", ("First", "Second", "Third", "Fourth", "Last")),
        _choice("RecurrenceMonthOfYear", "Recurrence Month of Year", _MONTHS),
        _choice(
            "RecurrenceRegeneratedType",
            "Repeat This Task",
            ("RecurrenceRegenerateAfterDueDate", "RecurrenceRegenerateAfterToday", "RecurrenceRegenerated"),
        ),
    )


def _of_the_org() -> tuple[Field, ...]:
    """Fields that administrators of this org have added to Activity."""
    return (
        _choice("Region__c", "Region", ("North", "South", "West")),
        Field("Deal_Size__c", "double", "Deal Size"),
        flag("Is_Hot__c", "Hot"),
        lookup("Sponsor__c", "Sponsor", "Sponsor__r", "Contact"),
    )


TASK = SObject(
    "Task",
    "Task",
    "Tasks",
    "00T",
    (
        id_field("Activity ID"),
        lookup("WhoId", "Name ID", "Who", "Contact", "Lead", children="Tasks"),
        lookup(
            "WhatId", "Related To ID", "What", "Account", "Opportunity", "Case", "Campaign", children="Tasks"
        ),
        text(
            "Subject",
            "Subject",
            type="combobox",
            groupable=False,
            picklist=Picklist(("Call", "Email", "Send Letter", "Send Quote", "Other")),
        ),
        Field("ActivityDate", "date", "Due Date Only"),
        _choice(
            "Status",
            "Status",
            STATUSES,
            255,
            default="Not Started",
            restricted=False,
            nillable=False,
            defaulted_on_create=True,
        ),
        _choice(
            "Priority",
            "Priority",
            PRIORITIES,
            20,
            default="Normal",
            restricted=False,
            nillable=False,
            defaulted_on_create=True,
        ),
        read_only(flag("IsHighPriority", "High Priority")),
        lookup(
            "OwnerId", "Assigned To ID", "Owner", "User", "Group", nillable=False, defaulted_on_create=True
        ),
        text(
            "Description",
            "Description",
            32000,
            type="textarea",
            filterable=False,
            sortable=False,
            groupable=False,
        ),
        deleted_flag(),
        read_only(lookup("AccountId", "Account ID", "Account", "Account")),
        read_only(flag("IsClosed", "Closed")),
        *audit_fields(),
        read_only(flag("IsArchived", "Archived")),
        Field("CallDurationInSeconds", "int", "Call Duration"),
        _choice("CallType", "Call Type", ("Internal", "Inbound", "Outbound")),
        text("CallDisposition", "Call Result"),
        text("CallObject", "Call Object Identifier"),
        Field("ReminderDateTime", "datetime", "Reminder Date/Time"),
        flag("IsReminderSet", "Reminder Set"),
        *_recurrence_fields(),
        _choice(
            "TaskSubtype",
            "Task Subtype",
            ("Task", "Email", "ListEmail", "Cadence", "Call", "LinkedIn"),
            default="Task",
            updateable=False,
        ),
        read_only(Field("CompletedDateTime", "datetime", "Completed Date")),
        text(
            EXTERNAL_ID, "TaskBridge Id", external_id=True, unique=True, case_sensitive=True, id_lookup=True
        ),
        *_of_the_org(),
    ),
)

TYPE_FIELD = _choice("Type", "Type", ("Call", "Email", "Meeting", "Other"), restricted=False)
