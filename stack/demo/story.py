"""What people do in the demo, and what the rules make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from stack.demo.people import Edit
from stack.demo.systems import Side

ADA, BEN = "ada@example.com", "ben@example.com"
Values = Mapping[str, str | None]


@dataclass(frozen=True)
class Scene:
    """One task of the story.

    title: how the task is called before the edits, in the system where it began (origin). shows: the fields that
    matter. expected: side -> values of `shows` that it must have afterwards; None = no such task there.
    """

    says: str
    rule: str
    because: str
    origin: Side
    title: str
    shows: tuple[str, ...]
    edits: tuple[Edit, ...]
    expected: Mapping[Side, Values | None]

    @property
    def created_by_edit(self) -> bool:
        return any(edit.act == "create" for edit in self.edits)


def before_the_first_run() -> tuple[Edit, ...]:
    """Tasks of the last 24 hours, which the first run brings in (I1), beside those of the sandbox's seed."""
    return (
        Edit("salesforce", "create", ADA, {"title": "Book the meeting room"}),
        Edit("salesforce", "create", ADA, {"title": "Ask for references"}),
        Edit("salesforce", "create", BEN, {"title": "Order samples"}),
        Edit("salesforce", "create", BEN, {"title": "Check the invoice"}),
    )


def scenes(today: date) -> tuple[Scene, ...]:
    def day(number: int) -> str:
        return (today + timedelta(days=number)).isoformat()

    return (
        *_creations(day(3), day(4)),
        *_names(),
        *_due_dates(day),
        *_states(),
        *_deletes(),
        _left_alone(day(9)),
    )


def _creations(slides_due: str, budget_due: str) -> tuple[Scene, ...]:
    slides = {"title": "Send the slides", "due": slides_due, "details": "Version 2 only ✂️\nwith prices"}
    budget = {"title": "Ask about the budget", "due": budget_due, "priority": "High"}
    return (
        Scene(
            says="Ada creates a task in Sales Connect",
            rule="C1",
            because="what is created after the switch-on exists on both sides",
            origin="sales_connect",
            title="Send the slides",
            shows=("title", "status", "due", "details"),
            edits=(Edit("sales_connect", "create", ADA, slides),),
            expected={
                "sales_connect": {**slides, "status": "open"},
                "salesforce": {**slides, "status": "Not Started"},
            },
        ),
        Scene(
            says="Ben creates a task in Salesforce",
            rule="C1",
            because="what is created after the switch-on exists on both sides",
            origin="salesforce",
            title="Ask about the budget",
            shows=("title", "priority", "due"),
            edits=(Edit("salesforce", "create", BEN, budget),),
            expected={"sales_connect": {**budget, "priority": "high"}, "salesforce": budget},
        ),
    )


def _names() -> tuple[Scene, ...]:
    renamed, typed = "Call Nora: renewal and extras", "Ask for references (two)"
    return (
        Scene(
            says="Ada renames a task in Sales Connect",
            rule="F1",
            because="the Subject follows the name",
            origin="salesforce",
            title="Call Nora about the renewal",
            shows=("title",),
            edits=(Edit("sales_connect", "change", ADA, {"title": renamed}),),
            expected={"sales_connect": {"title": renamed}, "salesforce": {"title": renamed}},
        ),
        Scene(
            says="Ada rewrites a Subject in Salesforce, and raises the priority in Sales Connect",
            rule="F1, F3",
            because="a Subject never comes back to Sales Connect; the priority crosses",
            origin="salesforce",
            title="Ask for references",
            shows=("title", "priority"),
            edits=(
                Edit("salesforce", "change", ADA, {"title": typed}),
                Edit("sales_connect", "change", ADA, {"priority": "high"}),
            ),
            expected={
                "sales_connect": {"title": "Ask for references", "priority": "high"},
                "salesforce": {"title": typed, "priority": "High"},
            },
        ),
    )


def _due_dates(day: Mapping[int, str] | object) -> tuple[Scene, ...]:
    raise NotImplementedError
