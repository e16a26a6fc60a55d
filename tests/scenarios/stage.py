"""Plays a scenario: the real engine and PostgreSQL, with both systems in memory."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Side
from taskbridge.engine.steps.report import RunReport
from tests.doubles.memory import MemorySide
from tests.engine.begun import Begun, now
from tests.engine.world import World
from tests.scenarios import values
from tests.scenarios.document import NotUnderstood, Place, Row, Scenario, Tables

Known = dict[str, dict[Side, str]]
Beginnings = dict[Hashable, tuple[Begun, Known]]
"""What is there before people act, played once for all scenarios that begin so."""


@dataclass
class Stage:
    """A world, and the letters by which a scenario calls its tasks."""

    world: World
    known: Known = field(default_factory=dict)
    report: RunReport | None = None

    def system(self, side: Side) -> MemorySide:
        return self.world.sc if side is Side.SALES_CONNECT else self.world.sf

    def users(self, side: Side) -> Mapping[str, str]:
        return self.world.sc_users if side is Side.SALES_CONNECT else self.world.sf_users

    def person(self, side: Side, name: str) -> str:
        """A person's user id in a system."""
        return self.users(side)[name.lower()]

    def record(self, place: Place, task: str, side: Side) -> str:
        """The id of a task's record in a system: the live one, or else the last that is deleted."""
        mine = self.known.get(task)
        if mine is None:
            raise NotUnderstood(place, f"no task {task} was made before this line")
        if side in mine and not self.system(side).records[mine[side]].deleted:
            return mine[side]
        partner = self.world.partner(side.other, mine[side.other]) if side.other in mine else None
        found = partner or mine.get(side)
        if found is None:
            raise NotUnderstood(place, f"task {task} has no record in {side.system}")
        mine[side] = found
        return found

    def make(self, place: Place, task: str, side: Side, fields: Mapping[str, Any]) -> None:
        """A person makes a task."""
        if side in self.known.get(task, {}):
            raise NotUnderstood(place, f"there is a task {task} in {side.system} already")
        given = self.written(side, fields)
        owner, title = given.pop("owner"), given.pop("title")
        self.known.setdefault(task, {})[side] = self.system(side).create(owner, title, **given)

    def written(self, side: Side, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Fields as the system holds them: a person by the id."""
        given = dict(fields)
        if "owner" in given:
            given["owner"] = self.person(side, given["owner"])
        return given

    def set(self, setting: str, value: str) -> None:
        """One setting, such as limits.user_count; its value as JSON, or a word."""
        name, _, inner = setting.partition(".")
        try:
            meant: Any = json.loads(value)
        except json.JSONDecodeError:
            meant = value
        if inner:
            meant = {**self.world.settings.model_dump()[name], inner: meant}
        self.world.with_settings(**{name: meant})

    # the beginning

    def begin(self, scenario: Scenario, beginnings: Beginnings) -> None:
        """Both systems as they stand before people act. What cannot come about so is refused."""
        for sentence in scenario.settings:
            name, equals, value = sentence.text.partition(" = ")
            if not equals:
                raise NotUnderstood(
                    sentence.place, f"{sentence.text!r} is no setting, such as 'delete_policy = edit_wins'"
                )
            self.set(name, value)
        rows = scenario.before.rows
        if scenario.before_the_first_run:
            for side in Side:
                for row in rows[side]:
                    self.make(row.place, row.task, side, values.of_row(row, side))
            return
        beginning = _beginning(scenario)
        if beginning in beginnings:
            begun, known = beginnings[beginning]
            self.world, self.known = begun.again(), deepcopy(known)
        else:
            since = now(self.world.database_url)
            self.world.sync()
            if any(rows.values()):
                self._come_about(rows, scenario.pairs_begin_in)
            beginnings[beginning] = Begun.of(self.world, since), deepcopy(self.known)
        self.check(scenario.before)

    def _come_about(self, rows: Mapping[Side, list[Row]], origin: Side) -> None:
        begun = {row.task for row in rows[origin]}
        alone = [row for row in rows[origin.other] if row.task not in begun]
        partners = [row for row in rows[origin.other] if row.task in begun]
        for side, mine in ((origin, rows[origin]), (origin.other, alone)):
            for row in mine:
                self.make(row.place, row.task, side, values.of_row(row, side))
        self.world.sync()
        for row in partners:
            record = self.record(row.place, row.task, origin.other)
            wanted = self.written(origin.other, values.of_row(row, origin.other))
            held = self.system(origin.other).live()[record]
            differing = {name: value for name, value in wanted.items() if not _same(held.get(name), value)}
            if differing:
                self.system(origin.other).edit(record, **differing)
        self.world.sync()

    # runs

    def run(self, place: Place, outcome: str, wanted: Mapping[Side, int], **values: Any) -> None:
        """One run, a minute later; it must end so and write so many rows."""
        before = {side: self.system(side).writes for side in Side}
        self.report = self.world.sync(**values)
        wrote = {side: self.system(side).writes - before[side] for side in Side}
        assert self.report.outcome == outcome, f"{place}: the run ended otherwise:\n{self.report.text}"
        assert wrote == wanted, f"{place}: the run wrote {told(wrote)}:\n{self.report.text}"

    def end(self, scenario: Scenario) -> None:
        """Whatever happened: a further run writes nothing, and both systems stay as they are."""
        last = scenario.parts[-1].tables
        assert last is not None
        if not self.world.enabled or (self.report and self.report.outcome is RunOutcome.FAILED):
            return
        before = self.world.writes
        report = self.world.sync()
        assert self.world.writes == before, (
            f"{scenario.path.name}: a further run wrote something:\n{report.text}"
        )
        self.check(last)

    # what is there

    def check(self, tables: Tables) -> None:
        """Both systems hold these tasks, with these values, and no others."""
        problems = []
        for side in Side:
            live = self.system(side).live()
            letters = self._letters(tables, side)
            listed = {row.task for row in tables.rows[side]}
            for record in sorted(live, key=lambda one: letters.get(one, "?")):
                if letters.get(record) not in listed:
                    problems.append(
                        f"{tables.place}: {side.system} holds {letters.get(record, 'an unlisted task')} "
                        f"({live[record]['title']!r}) as well"
                    )
            records = {letter: record for record, letter in letters.items() if record in live}
            for row in tables.rows[side]:
                if row.task not in records:
                    problems.append(f"{row.place}: {side.system} holds no task {row.task}")
                else:
                    problems += self._differences(row, side, live[records[row.task]])
        assert not problems, "\n".join(problems)

    def _letters(self, tables: Tables, side: Side) -> dict[str, str]:
        """Each record's letter; a letter that is new in a table means the new task of that title."""
        letters = {}
        pairs = {
            self.world.pair_of(at, record): task
            for task, mine in self.known.items()
            for at, record in mine.items()
        }
        for record in self.system(side).records:
            task = pairs.get(self.world.pair_of(side, record))
            if task:
                letters[record] = task
        for row in tables.rows[side]:
            if row.task not in self.known:
                title = values.of_row(row, side)["title"]
                new = [
                    record
                    for record, held in self.system(side).live().items()
                    if record not in letters and held["title"] == title
                ]
                if len(new) == 1:
                    letters[new[0]] = row.task
                    self.known[row.task] = {side: new[0]}
        return letters

    def _differences(self, row: Row, side: Side, held: Mapping[str, Any]) -> list[str]:
        wanted = self.written(side, values.of_row(row, side))
        columns = {field: column for column, field in values.COLUMNS[side].items()}
        return [
            f"{row.place}: {columns[name]} of {row.task} in {side.system} is {_short(held.get(name))}, "
            f"expected {_short(value)}"
            for name, value in wanted.items()
            if not _same(held.get(name), value)
        ]


def _beginning(scenario: Scenario) -> Hashable:
    """All that is told of a scenario before people act, lines and files aside."""
    rows = {side: [(row.task, row.cells) for row in scenario.before.rows[side]] for side in Side}
    return repr(([one.text for one in scenario.settings], scenario.pairs_begin_in, rows))


def told(wrote: Mapping[Side, int]) -> str:
    """Numbers of rows in the words of the scenarios."""
    return ", ".join(f"{rows} to {side.system}" for side, rows in wrote.items() if rows) or "nothing"


def _same(held: Any, wanted: Any) -> bool:
    """Equal as people see it: what servers do to white space around a text is no difference (G1)."""
    return _canonical(held) == _canonical(wanted)


def _canonical(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip() or None
    return value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 80 else f"{text[:40]}...{text[-30:]} ({len(text) - 2} long)"
