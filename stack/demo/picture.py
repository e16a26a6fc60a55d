"""The demo's outcome for people, on a terminal of 100 columns."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stack.demo.outcome import Outcome, Played
from stack.demo.records import Record
from stack.demo.runs import Run
from stack.demo.systems import SIDES, TITLES

WIDTH = 100
NOWHERE = "–"


def show(outcome: Outcome, report: str, name: str) -> None:
    """Everything, in the order in which a newcomer wants it. name: of the stack."""
    out = console()
    show_story(out, outcome.story)
    show_runs(out, outcome.runs)
    show_left_out(out, outcome.left_out)
    show_where_to_look(out, report, name)
    show_verdict(out, outcome)


def console() -> Console:
    """As wide as the terminal, 100 columns at most, and 100 where there is no terminal."""
    seen = Console(highlight=False)
    return Console(width=min(seen.width, WIDTH) if sys.stdout.isatty() else WIDTH, highlight=False)


def show_story(out: Console, story: Sequence[Played]) -> None:
    out.print()
    out.rule("What people did, and what became of it", align="left")
    out.print(_grid([("", Text(TITLES["sales_connect"], "bold"), Text(TITLES["salesforce"], "bold"))]))
    for number, played in enumerate(story, 1):
        scene = played.scene
        out.print(Text(f"\n{number:>2}  {scene.says}", "bold"))
        out.print(_grid(_moments(played)))
        out.print(Text(f"    run 2     {played.did}; {scene.rule}: {scene.because}"), soft_wrap=False)
        for fault in played.faults:
            out.print(Text(f"    WRONG     {fault}", "bold red"))


def _moments(played: Played) -> list[tuple[str, Text, Text]]:
    """The rows of a scene; sides that nobody edited stay empty in the second."""
    shows = played.scene.shows
    rows = [("before", *(_cell(played.before[side], shows) for side in SIDES))]
    rows.append(
        (
            "edited",
            *(
                _cell(played.edited[side], shows, "yellow")
                if played.edited[side] != played.before[side]
                else Text()
                for side in SIDES
            ),
        )
    )
    rows.append(
        (
            "after",
            *(
                _cell(
                    played.after[side],
                    shows,
                    "green"
                    if _shown(played.after[side], shows) != _shown(played.edited[side], shows)
                    else "",
                )
                for side in SIDES
            ),
        )
    )
    return rows


def _grid(rows: Sequence[tuple[str, Text, Text]]) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=13)
    grid.add_column(width=41)
    grid.add_column(width=41)
    for label, *cells in rows:
        grid.add_row(f"    {label}", *cells)
    return grid


def _cell(record: Record | None, shows: Sequence[str], style: str = "") -> Text:
    return Text(_shown(record, shows), style)


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


def show_runs(out: Console, runs: Sequence[Run]) -> None:
    out.print()
    out.rule("The runs, and the calls that each system counted", align="left")
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("Run")
    table.add_column("Outcome")
    for title in ("Seconds", "Created", "Updated", "Deleted", "Conflicts"):
        table.add_column(title, justify="right")
    for side in SIDES:
        table.add_column(f"{TITLES[side]}\nreads/writes", justify="right")
    for run in runs:
        numbers = [str(run.ledger.get(name, 0)) for name in ("created", "updated", "deleted", "conflicts")]
        calls = [f"{run.calls[side]['reads']} / {run.calls[side]['writes']}" for side in SIDES]
        table.add_row(run.name, run.outcome, f"{run.seconds:.1f}", *numbers, *calls)
    out.print(table)


def show_left_out(out: Console, rows: Sequence[Mapping[str, str]]) -> None:
    """rows: of mart.not_synced."""
    out.rule("Not in sync, and why (mart.not_synced)", align="left")
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for title in ("Task", "Of", "In", "Rule", "Why"):
        table.add_column(title)
    for row in rows:
        title = TITLES["sales_connect" if row["side"] == "sales_connect" else "salesforce"]
        owner = (row["owner_name"] or "").partition(" ")[0]
        table.add_row(Text(row["title"] or ""), owner, title, row["rule"], row["explanation"])
    out.print(table)


def show_verdict(out: Console, outcome: Outcome) -> None:
    out.print()
    out.rule("Do both sides agree?", align="left")
    for problem in outcome.problems:
        out.print(Text(f"  WRONG  {problem}", "bold red"))
    agreement = outcome.agreement
    out.print(
        Text(
            f"{'NO' if outcome.problems else 'YES'}: asked over both HTTP APIs, {agreement.compared} pairs compared "
            f"field by field, {agreement.apart} tasks rightly on one side only.",
            "bold red" if outcome.problems else "bold green",
        )
    )


def show_where_to_look(out: Console, report: str, name: str) -> None:
    out.print()
    out.rule("Where to look", align="left")
    out.print(
        Text(
            f"  {report:<38}edits, both sides before and after, runs, calls, seconds per stage\n"
            f"  {f'.venv/bin/python -m stack up --name {name}':<38}\n"
            f"  {'':<38}this very stack again: Airflow's pages, DAG task_sync; ^C ends it\n"
            f"  {'make up':<38}a stack of your own, left running; prints address and password\n"
            f"  {'mart.sync_runs, mart.change_log,':<38}what each run did, in the database that `up` names\n"
            f"  {'mart.task_pairs, mart.not_synced':<38}both sides of each pair; what stays out, and why\n"
            f"  {'docs/operations.md':<38}running it for real"
        )
    )
