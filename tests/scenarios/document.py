"""Reads a scenario file. Whatever is not understood is refused, with file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from taskbridge.core.decision import Seen
from taskbridge.core.terms import DeletePolicy, Side

SYSTEMS: Final = {side.system: side for side in Side}
STARTS: Final = ("in step", "before the first run")

PEOPLE, TASKBRIDGE, AFTER = "What people do", "What TaskBridge does", "After"
RULE_ID: Final = re.compile(r"[SFTICKG]\d")
_NAME: Final = re.compile(r"(?:[SFTICKG]\d_)+[a-z0-9_]+")
_CELLS: Final = re.compile(r"(?<!\\)\|")
_HEADERS: Final = ("Rules", "Case", "Starts", "Pairs begin in", "Settings")


class NotUnderstood(Exception):
    """A place in a scenario file that says nothing we know."""

    def __init__(self, place: Place, problem: str) -> None:
        super().__init__(f"{place}: {problem}")


@dataclass(frozen=True)
class Place:
    """Where something stands."""

    path: Path
    line: int

    def __str__(self) -> str:
        return f"{self.path.name}:{self.line}"


@dataclass(frozen=True)
class Sentence:
    """One line of a list."""

    place: Place
    text: str


@dataclass(frozen=True)
class Row:
    """One task of a table: its letter, and its cells by column."""

    place: Place
    task: str
    cells: dict[str, str]


@dataclass(frozen=True)
class Tables:
    """The tasks of both systems at one moment."""

    place: Place
    rows: dict[Side, list[Row]]


@dataclass(frozen=True)
class Part:
    """A section: sentences, or what both systems hold."""

    heading: str
    sentences: tuple[Sentence, ...] = ()
    tables: Tables | None = None


@dataclass(frozen=True)
class Scenario:
    """A whole file."""

    path: Path
    title: str
    rules: tuple[str, ...]
    cases: tuple[tuple[Seen, Seen], ...]
    before_the_first_run: bool
    pairs_begin_in: Side
    settings: tuple[Sentence, ...]
    before: Tables
    parts: tuple[Part, ...]

    @property
    def delete_policy(self) -> DeletePolicy:
        """Which column of the decision table it is about."""
        edit_wins = any(one.text == "delete_policy = edit_wins" for one in self.settings)
        return DeletePolicy.EDIT_WINS if edit_wins else DeletePolicy.DELETE_WINS


@dataclass
class _Lines:
    """The lines of a file that hold something, with their numbers."""

    path: Path
    left: list[tuple[int, str]] = field(default_factory=list)
    last: int = 1

    @classmethod
    def of(cls, path: Path) -> _Lines:
        lines = path.read_text(encoding="utf-8").splitlines()
        return cls(path, [(number, line.rstrip()) for number, line in enumerate(lines, 1) if line.strip()])

    @property
    def place(self) -> Place:
        return Place(self.path, self.left[0][0] if self.left else self.last)

    @property
    def next(self) -> str:
        return self.left[0][1] if self.left else ""

    def take(self) -> tuple[Place, str]:
        number, line = self.left.pop(0)
        self.last = number
        return Place(self.path, number), line

    def while_starting(self, prefix: str) -> Iterator[tuple[Place, str]]:
        while self.next.startswith(prefix):
            place, line = self.take()
            yield place, line.removeprefix(prefix).strip()


def read(path: Path) -> Scenario:
    """The scenario in a file. Raises NotUnderstood."""
    if not _NAME.fullmatch(path.stem):
        raise NotUnderstood(
            Place(path, 1), "the file's name is no rule ids and words, such as K1_both_edit.md"
        )
    lines = _Lines.of(path)
    if not lines.next.startswith("# "):
        raise NotUnderstood(lines.place, "a scenario begins with '# ' and its title")
    title = lines.take()[1].removeprefix("# ")
    headers = _headers(lines)
    if not lines.next.startswith("#"):
        _prose(lines)
    scenario = Scenario(
        path,
        title,
        _rules(path, headers),
        _cases(headers.get("Case")),
        _one_of(headers.get("Starts"), STARTS) == STARTS[1],
        SYSTEMS[_one_of(headers.get("Pairs begin in"), tuple(SYSTEMS))],
        _settings(headers.get("Settings")),
        _before(lines),
        tuple(_parts(lines)),
    )
    if scenario.parts[-1:] == () or scenario.parts[-1].heading != AFTER:
        raise NotUnderstood(lines.place, f"a scenario ends with '## {AFTER}'")
    return scenario


def _headers(lines: _Lines) -> dict[str, Sentence]:
    found: dict[str, Sentence] = {}
    for place, line in lines.while_starting("- "):
        name, colon, value = line.partition(": ")
        if not colon or name not in _HEADERS or name in found:
            raise NotUnderstood(
                place, f"{line!r} is none of: {', '.join(_HEADERS)}, each once, as 'Rules: K1'"
            )
        found[name] = Sentence(place, value.strip())
    return found


def _prose(lines: _Lines) -> None:
    """Why the scenario is worth telling; for the reader alone."""
    while lines.left and not lines.next.startswith(("#", "|", "- ")):
        lines.take()


def _rules(path: Path, headers: dict[str, Sentence]) -> tuple[str, ...]:
    named = tuple(part for part in path.stem.split("_") if RULE_ID.fullmatch(part))
    given = headers.get("Rules")
    rules = tuple(given.text.split(", ")) if given else ()
    if not given or rules[: len(named)] != named or not all(RULE_ID.fullmatch(rule) for rule in rules):
        place = given.place if given else Place(path, 1)
        raise NotUnderstood(place, f"'Rules:' begins with the rules of the file's name: {', '.join(named)}")
    return rules


def _cases(given: Sentence | None) -> tuple[tuple[Seen, Seen], ...]:
    if given is None:
        return ()
    words = {seen.name.lower(): seen for seen in Seen}
    cases = []
    for text in given.text.split(", "):
        sc, slash, sf = text.partition(" / ")
        if not slash or sc not in words or sf not in words:
            raise NotUnderstood(given.place, f"{text!r} is no line of the table, such as 'edited / deleted'")
        cases.append((words[sc], words[sf]))
    return tuple(cases)


def _one_of(given: Sentence | None, allowed: tuple[str, ...]) -> str:
    if given is None:
        return allowed[0]
    if given.text not in allowed:
        raise NotUnderstood(given.place, f"{given.text!r} is none of: {', '.join(allowed)}")
    return given.text


def _settings(given: Sentence | None) -> tuple[Sentence, ...]:
    if given is None:
        return ()
    return tuple(Sentence(given.place, text.strip()) for text in given.text.split("; "))


def _before(lines: _Lines) -> Tables:
    if lines.next != "## Before":
        raise NotUnderstood(lines.place, f"expected '## Before', found {lines.next!r}")
    lines.take()
    return _tables(lines)


def _parts(lines: _Lines) -> Iterator[Part]:
    while lines.left:
        place, line = lines.take()
        heading = line.removeprefix("## ")
        if heading == AFTER:
            yield Part(heading, tables=_tables(lines))
        elif line.startswith("## ") and heading in (PEOPLE, TASKBRIDGE):
            _prose(lines)
            sentences = tuple(Sentence(at, text.removesuffix(".")) for at, text in lines.while_starting("- "))
            if not sentences:
                raise NotUnderstood(place, f"{heading!r} has no lines that begin with '- '")
            yield Part(heading, sentences)
        else:
            raise NotUnderstood(place, f"{line!r} is no '## {PEOPLE}', '## {TASKBRIDGE}' or '## {AFTER}'")


def _tables(lines: _Lines) -> Tables:
    """A table for each system, or 'Nothing.' for one without a task."""
    place, rows = lines.place, {}
    for name, side in SYSTEMS.items():
        if lines.next != f"### {name}":
            raise NotUnderstood(lines.place, f"expected '### {name}', found {lines.next!r}")
        lines.take()
        rows[side] = list(_rows(lines))
    return Tables(place, rows)


def _rows(lines: _Lines) -> Iterator[Row]:
    if lines.next == "Nothing.":
        lines.take()
        return
    begin = lines.place
    table = [(place, _cells(line)) for place, line in lines.while_starting("|")]
    if len(table) < 3 or set("".join(table[1][1])) > set("- :"):
        raise NotUnderstood(begin, "expected a table with a row for each task, or 'Nothing.'")
    columns = table[0][1]
    if columns[0] != "Task" or len(set(columns)) < len(columns):
        raise NotUnderstood(table[0][0], "the first column is 'Task', and no column stands there twice")
    for place, cells in table[2:]:
        if len(cells) != len(columns) or not re.fullmatch(r"[A-Z]\d*", cells[0]):
            raise NotUnderstood(
                place, f"expected {len(columns)} cells, the first a letter such as A; got {cells}"
            )
        yield Row(place, cells[0], dict(zip(columns[1:], cells[1:], strict=True)))


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in _CELLS.split(line.strip().removesuffix("|"))]
