"""The demo's outcome for people, on a terminal of 100 columns."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stack.demo.outcome import Outcome, Played
from stack.demo.records import Record
from stack.demo.runs import Run
from stack.demo.systems import SIDES, TITLES

WIDTH = 100
LABEL, CELL = 13, 41
GAP = (0, 2, 0, 0)
NOWHERE = "–"
WHERE_TO_LOOK = (
    (
        ".venv/bin/python -m stack up --name {name}",
        "this stack again, with all that happened: Airflow's pages, DAG task_sync; ^C ends it",
    ),
    ("make up", "a stack of your own, left running; prints its addresses and passwords"),
    ("mart.sync_runs, mart.change_log", "in its database: what each run did, and every value that it wrote"),
    ("mart.task_pairs, mart.not_synced", "both sides of each pair; what is not in sync, why, and what helps"),
    ("{report}", "all of this for programs: edits, both sides, runs, calls, seconds per stage"),
    ("docs/operations.md", "running it for real"),
)


def show(outcome: Outcome, report: str, name: str) -> None:
    """Everything, in the order in which a newcomer wants it. name: of the stack."""
    out = _console()
    _show_story(out, outcome.story)
    _show_runs(out, outcome.runs)
    _show_left_out(out, outcome.left_out)
    _show_where_to_look(out, {"report": report, "name": name})
    _show_verdict(out, outcome)


def _console() -> Console:
    """As wide as the terminal, 100 columns at most, and 100 where there is no terminal."""
    seen = Console(highlight=False)
    return Console(width=min(seen.width, WIDTH) if sys.stdout.isatty() else WIDTH, highlight=False)


def _show_story(out: Console, story: Sequence[Played]) -> None:
    _head(out, "What people did, and what became of it")
    out.print(
        "Of each task only what matters is shown. – = there is no such task; empty = nobody edited it there."
    )
    heads = Table.grid(padding=(0, 1))
    for width in (LABEL, CELL, CELL):
        heads.add_column(width=width)
    heads.add_row("", *(Text(TITLES[side], "bold underline") for side in SIDES))
    out.print()
    out.print(heads)
    for number, played in enumerate(story, 1):
        out.print(Text(f"\n{number:>2}  {played.scene.says}", "bold"))
        out.print(_moments(played))
        out.print(_lines(played))


def _moments(played: Played) -> Table:
    """Three rows: before the edits, what people edited, after the run; what the run changed is green."""
    shows = played.scene.shows
    grid = Table.grid(padding=(0, 1))
    for width in (LABEL, CELL, CELL):
        grid.add_column(width=width)
    before, edited, after = (
        {side: _shown(seen[side], shows) for side in SIDES}
        for seen in (played.before, played.edited, played.after)
    )
    by_people = (Text(edited[side] if edited[side] != before[side] else "", "yellow") for side in SIDES)
    by_run = (Text(after[side], "green" if after[side] != edited[side] else "") for side in SIDES)
    grid.add_row("    before", *(Text(before[side]) for side in SIDES))
    grid.add_row("    edited", *by_people)
    grid.add_row("    after", *by_run)
    return grid


def _lines(played: Played) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=LABEL)
    grid.add_column(width=2 * CELL + 1)
    grid.add_row("    run 2", played.did)
    grid.add_row("    rule", Text(f"{played.scene.rule}: {played.scene.because}", "dim"))
    for fault in played.faults:
        grid.add_row(Text("    WRONG", "bold red"), Text(fault, "bold red"))
    return grid


def _shown(record: Record | None, shows: Sequence[str]) -> str:
    if record is None:
        return NOWHERE
    return " · ".join(_value(name, getattr(record, name)) for name in shows)


def _value(name: str, value: str | None) -> str:
    if name == "due":
        return f"due {value}" if value else "no due date"
    if name == "details":
        return f'"{value}"'.replace("\r", "").replace("\n", " ⏎ ") if value else "no details"
    if name == "owner":
        return str(value).partition("@")[0].capitalize()
    return str(value)


def _show_runs(out: Console, runs: Sequence[Run]) -> None:
    _head(out, "The runs, and the calls that each system counted")
    table = Table(box=None, pad_edge=False, padding=GAP, header_style="bold underline")
    table.add_column("Run", no_wrap=True)
    table.add_column("Outcome", no_wrap=True)
    for title in ("Seconds", "Created", "Updated", "Deleted"):
        table.add_column(title, justify="right", no_wrap=True)
    for side in SIDES:
        table.add_column(f"{TITLES[side]}\nreads/writes", justify="right", no_wrap=True)
    for run in runs:
        numbers = [str(run.ledger.get(name, 0)) for name in ("created", "updated", "deleted")]
        calls = [f"{run.calls[side]['reads']} / {run.calls[side]['writes']}" for side in SIDES]
        table.add_row(run.name, run.outcome, f"{run.seconds:.1f}", *numbers, *calls)
    out.print(table)


def _show_left_out(out: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """rows: of mart.not_synced."""
    _head(out, "Not in sync, and why (mart.not_synced)")
    table = Table(box=None, pad_edge=False, padding=GAP, header_style="bold underline")
    for title in ("Task", "Of", "In", "Rule", "Why"):
        table.add_column(title)
    for row in rows:
        owner = (row["owner_name"] or "").partition(" ")[0]
        table.add_row(
            Text(row["title"] or ""), owner, TITLES[row["side"]], row["rule"], Text(row["explanation"])
        )
    out.print(table)


def _show_where_to_look(out: Console, names: Mapping[str, str]) -> None:
    _head(out, "Where to look")
    for where, what in WHERE_TO_LOOK:
        out.print(Text(where.format_map(names), "bold"))
        out.print(Padding(what, (0, 0, 0, 4)))


def _show_verdict(out: Console, outcome: Outcome) -> None:
    _head(out, "Do both sides agree?")
    for problem in outcome.problems:
        out.print(Text(f"WRONG  {problem}", "bold red"))
    agreement = outcome.agreement
    out.print(
        Text(
            f"{'NO' if outcome.problems else 'YES'}. Asked over both HTTP APIs: {agreement.compared} pairs "
            f"compared field by field; {agreement.apart} tasks rightly have no partner.",
            "bold red" if outcome.problems else "bold green",
        )
    )


def _head(out: Console, text: str) -> None:
    out.print()
    out.rule(Text(text, "bold"), align="left")
