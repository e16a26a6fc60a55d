"""What people do in the demo, and what the rules make of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from stack.demo.people import Act, Edit
from stack.demo.systems import Side

ADA, BEN = "ada@example.com", "ben@example.com"
Values = Mapping[str, str | None]
Day = Callable[[int], str]


@dataclass(frozen=True)
class Scene:
    """One task of the story.

    origin, title: the system where the task began, and what it is called there before the edits. sc, sf: what
    it must look like afterwards in Sales Connect and in Salesforce, None = no such task there; their keys are
    the fields that the picture shows.
    """

    says: str
    rule: str
    because: str
    origin: Side
    title: str
    edits: tuple[Edit, ...]
    sc: Values | None
    sf: Values | None

    @property
    def expected(self) -> Mapping[Side, Values | None]:
        return {"sales_connect": self.sc, "salesforce": self.sf}

    @property
    def shows(self) -> tuple[str, ...]:
        return tuple(self.sc or self.sf or {"title": "", "owner": ""})

    @property
    def creation(self) -> Edit | None:
        """The edit that makes the task; without one it is there from the start."""
        return next((edit for edit in self.edits if edit.act == "create"), None)


def before_the_first_run() -> tuple[Edit, ...]:
    """Tasks of the last 24 hours, which the first run brings in (I1), beside those of the sandbox's seed."""
    return (
        _sf("create", ADA, title="Book the meeting room"),
        _sf("create", ADA, title="Ask for references"),
        _sf("create", BEN, title="Order samples"),
        _sf("create", BEN, title="Check the invoice"),
    )


def scenes(today: date) -> tuple[Scene, ...]:
    def day(number: int) -> str:
        return (today + timedelta(days=number)).isoformat()

    return (*_creations(day), *_names(), *_due_dates(day), *_states(), *_deletes(), _left_alone(day))


def _sc(act: Act, by: str, **values: str | None) -> Edit:
    return Edit("sales_connect", act, by, values)


def _sf(act: Act, by: str, **values: str | None) -> Edit:
    return Edit("salesforce", act, by, values)


def _creations(day: Day) -> tuple[Scene, ...]:
    slides = {"title": "Send the slides", "due": day(3), "details": "Version 2 only ✂\nwith prices"}
    budget = {"title": "Ask about the budget", "due": day(4)}
    return (
        Scene(
            says="Ada creates a task in Sales Connect",
            rule="C1",
            because="what is new after the switch-on gets a partner",
            origin="sales_connect",
            title="Send the slides",
            edits=(_sc("create", ADA, **slides),),
            sc={**slides, "status": "open"},
            sf={**slides, "status": "Not Started"},
        ),
        Scene(
            says="Ben creates a task in Salesforce",
            rule="C1",
            because="what is new after the switch-on gets a partner",
            origin="salesforce",
            title="Ask about the budget",
            edits=(_sf("create", BEN, **budget, priority="High"),),
            sc={**budget, "priority": "high"},
            sf={**budget, "priority": "High"},
        ),
    )


def _names() -> tuple[Scene, ...]:
    renamed, typed = "Call Nora: renewal and extras", "Ask for two references"
    return (
        Scene(
            says="Ada renames a task in Sales Connect",
            rule="F1",
            because="the Subject follows the name",
            origin="salesforce",
            title="Call Nora about the renewal",
            edits=(_sc("change", ADA, title=renamed),),
            sc={"title": renamed},
            sf={"title": renamed},
        ),
        Scene(
            says="Ada rewrites a Subject in Salesforce and raises the priority in Sales Connect",
            rule="F1, F3",
            because="a Subject never comes back; the priority crosses",
            origin="salesforce",
            title="Ask for references",
            edits=(_sf("change", ADA, title=typed), _sc("change", ADA, priority="high")),
            sc={"title": "Ask for references", "priority": "high"},
            sf={"title": typed, "priority": "High"},
        ),
    )


def _due_dates(day: Day) -> tuple[Scene, ...]:
    details = "The quote of March,\nand the discount"
    return (
        Scene(
            says="Ada moves the due date in Sales Connect and edits the comments in Salesforce",
            rule="K1",
            because="different fields: both edits survive",
            origin="salesforce",
            title="Send the quote – äöü 日本語 🎯",
            edits=(_sc("change", ADA, due=day(2)), _sf("change", ADA, details=details)),
            sc={"due": day(2), "details": details},
            sf={"due": day(2), "details": details},
        ),
        Scene(
            says="A task is In Progress / Low in Salesforce; Ada moves its due date in Sales Connect",
            rule="F6",
            because="what cannot cross is not overwritten",
            origin="salesforce",
            title="Prepare the workshop",
            edits=(_sc("change", ADA, due=day(10)),),
            sc={"status": "open", "priority": "normal", "due": day(10)},
            sf={"status": "In Progress", "priority": "Low", "due": day(10)},
        ),
        Scene(
            says="A conflict: Ben sets another due date on each side",
            rule="K3",
            because="within two minutes Salesforce wins; the other value is kept",
            origin="salesforce",
            title="Rückruf Käufer",
            edits=(_sc("change", BEN, due=day(5)), _sf("change", BEN, due=day(8))),
            sc={"due": day(8)},
            sf={"due": day(8)},
        ),
    )


def _states() -> tuple[Scene, ...]:
    return (
        Scene(
            says="Ben completes a task in Sales Connect",
            rule="F2",
            because="complete = Completed",
            origin="salesforce",
            title="Follow up with the lead",
            edits=(_sc("change", BEN, status="complete"),),
            sc={"status": "complete"},
            sf={"status": "Completed"},
        ),
        Scene(
            says="Ben completes a task in Salesforce",
            rule="F2",
            because="Completed = complete",
            origin="salesforce",
            title="Check the invoice",
            edits=(_sf("change", BEN, status="Completed"),),
            sc={"status": "complete"},
            sf={"status": "Completed"},
        ),
        Scene(
            says="Ada reopens a completed task in Sales Connect",
            rule="F2",
            because="open = Not Started",
            origin="salesforce",
            title="Confirm the date",
            edits=(_sc("change", ADA, status="open"),),
            sc={"status": "open"},
            sf={"status": "Not Started"},
        ),
        Scene(
            says="Ben hands a task over to Ada in Salesforce",
            rule="C3",
            because="the owner is a field like any other; the waiting status stays",
            origin="salesforce",
            title="Waiting for the contract",
            edits=(_sf("change", BEN, owner=ADA),),
            sc={"status": "open", "owner": ADA},
            sf={"status": "Waiting on someone else", "owner": ADA},
        ),
    )


def _deletes() -> tuple[Scene, ...]:
    return (
        Scene(
            says="Ada deletes a task in Sales Connect",
            rule="C1",
            because="its partner goes too; what it held is kept in the database (K5)",
            origin="salesforce",
            title="Book the meeting room",
            edits=(_sc("delete", ADA),),
            sc=None,
            sf=None,
        ),
        Scene(
            says="Ben deletes a task in Salesforce",
            rule="C1",
            because="its partner goes too; what it held is kept in the database (K5)",
            origin="salesforce",
            title="Order samples",
            edits=(_sf("delete", BEN),),
            sc=None,
            sf=None,
        ),
    )


def _left_alone(day: Day) -> Scene:
    return Scene(
        says="Ada edits a Sales Connect task that is older than her switch-on",
        rule="I2, I3",
        because="such a task is never pushed",
        origin="sales_connect",
        title="Send the price list",
        edits=(_sc("change", ADA, due=day(9)),),
        sc={"title": "Send the price list", "due": day(9)},
        sf=None,
    )
