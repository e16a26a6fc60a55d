"""The table of rules, the files that keep them, and the tests and scenarios that prove them.

`python -m tests.project.conformance` writes the document.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from itertools import takewhile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
CODE = TESTS.parent / "plugins" / "taskbridge"
DOCUMENT = TESTS.parent / "docs" / "conformance.md"

RULES = {
    "S1": "Off until it is switched on; the switch is also a brake",
    "S2": "Per user; who is mapped to whom",
    "S3": "Off: no read, no write, no watermark; on again: full catch-up",
    "F1": "Name to Subject, one way",
    "F2": "Open / Complete and Not Started / Completed",
    "F3": "Normal and High",
    "F4": "The due date is a calendar date",
    "F5": "Details and Comments, and the tail that Salesforce never held",
    "F6": "A value that cannot cross is overwritten only by a change of its own field",
    "F7": "What a created record gets",
    "F8": "Type is never filled",
    "T1": "The template's fields",
    "T2": "Rendering: no value, line breaks, 255 units",
    "T3": "When the Subject is written",
    "I1": "Which Salesforce tasks come in",
    "I2": "Which Sales Connect tasks go out",
    "I3": "Older Sales Connect tasks stay, also when edited",
    "I4": "Deletes of the last 15 days",
    "I5": "Switching on again",
    "I6": "Command Center",
    "C1": "Create, edit, complete, delete",
    "C2": "Only reminders",
    "C3": "Reassignment and release",
    "C4": "Skipped",
    "C5": "A delete only on proof",
    "C6": "The sweep of linked ids after a gap longer than deletes are told",
    "C7": "A restored Salesforce task",
    "K1": "Different fields",
    "K2": "Agreement",
    "K3": "The same field",
    "K4": "Delete against edit",
    "K5": "What loses is kept",
    "K6": "A field that goes to and fro",
    "G1": "No echo",
    "G2": "No duplicates",
    "G3": "Blast radius: holding and approval",
    "G4": "A rejected row delays itself",
    "G5": "Counts add up",
    "G6": "A run with rejected rows is not green",
    "G7": "Calls that are left to the people of the org",
    "G8": "Another org, an empty ledger and its rebase, an emptied or older side, a clock that went back",
    "G9": "Dirty pairs",
}
_ID = re.compile(r"^[SFTICKG]\d$")
_NAMED = re.compile(r"\b[SFTICKG]\d\b")


@cache
def tests_by_rule() -> dict[str, list[str]]:
    """Rule id to "folder/file.py::test" or "scenarios/file.md", by the ids that lead the names."""
    found: dict[str, list[str]] = {rule: [] for rule in RULES}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for rule in leading_rules(node.name.removeprefix("test_")):
                    found.setdefault(rule, []).append(f"{path.relative_to(TESTS)}::{node.name}")
    for path in sorted((TESTS / "scenarios").glob("*.md")):
        for rule in leading_rules(path.stem):
            found.setdefault(rule, []).append(str(path.relative_to(TESTS)))
    return found


@cache
def files_by_rule() -> dict[str, list[str]]:
    """Rule id to the files of the package that name it, what decides before what reads and writes."""
    found: dict[str, list[str]] = {rule: [] for rule in RULES}
    files = sorted(CODE.rglob("*.py"), key=lambda path: (path.parent.name != "core", path))
    for path in files:
        for rule in set(_NAMED.findall(path.read_text(encoding="utf-8"))) & found.keys():
            found[rule].append(str(path.relative_to(CODE)))
    return found


def leading_rules(name: str) -> list[str]:
    """The rule ids with which a name begins: of "K3_K5_the_later_change_wins" K3 and K5."""
    return list(takewhile(_ID.match, name.split("_")))


def render() -> str:
    """The document."""
    lines = [
        "# Conformance",
        "",
        "Each rule, the files of `plugins/taskbridge` that name it, and the tests and scenarios named after it.",
        "Written by `make documents`; a test compares.",
        "",
        "| Rule | What it says | Code | Tests |",
        "|---|---|---|---|",
    ]
    found = tests_by_rule()
    for rule, text in RULES.items():
        names = "<br>".join(f"`{name}`" for name in found[rule])
        files = "<br>".join(f"`{name}`" for name in files_by_rule()[rule])
        lines.append(f"| **{rule}** | {text} | {files} | {names} |")
    lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    DOCUMENT.write_text(render(), encoding="utf-8")
