"""What a check found: one line for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How grave it is."""

    OK = "ok"
    WARNING = "warning"  # works, though not as well as it could
    PROBLEM = "problem"  # has to be mended
    NOT_CHECKED = "not checked"  # could not be asked, as something before it failed


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what was seen, and where it is not well, what was expected and what helps."""

    subject: str
    level: Level
    seen: str
    expected: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.subject}: {self.seen}" + (f"; {self.remedy}" if self.remedy else "")


def ok(subject: str, seen: str) -> Finding:
    return Finding(subject, Level.OK, seen)


def warning(subject: str, seen: str, expected: str = "", remedy: str = "") -> Finding:
    return Finding(subject, Level.WARNING, seen, expected, remedy)


def problem(subject: str, seen: str, expected: str = "", remedy: str = "") -> Finding:
    return Finding(subject, Level.PROBLEM, seen, expected, remedy)
