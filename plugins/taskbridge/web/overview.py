"""Is it on, is it well, how fresh is it, what did the last runs do, and what waits for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from taskbridge.operators.variables import ENABLED, switch_is_on
from taskbridge.web import words
from taskbridge.web.access import Viewer, viewer
from taskbridge.web.page import show
from taskbridge.web.reading import reading

router: Final = APIRouter()
_RUNS, _PEOPLE = 12, 100
_LATE: Final = timedelta(minutes=15)
_TIMES_LATE: Final = 3


@dataclass(frozen=True)
class Health:
    """The one sentence at the top."""

    kind: str  # good, wait or bad
    text: str
    more: str | None = None


@router.get("/overview")
def overview(request: Request, who: Annotated[Viewer, Depends(viewer)]) -> HTMLResponse:
    on = switch_is_on()
    with reading() as db:
        sides = db.rows("read_sides")
        (waiting,) = db.rows("count_waiting")
        runs = db.rows("list_runs", before=None, lines=_RUNS)
        hours = db.rows("read_hours")
        people = db.rows("list_people", lines=_PEOPLE)
    return show(
        request,
        "overview",
        reader=db,
        on=on,
        switch=ENABLED,
        may_switch=who.may_switch,
        health=health(on, sides, runs, waiting),
        sides=sides,
        waiting=waiting,
        runs=runs,
        hours=hours,
        people=people,
    )


def health(
    on: bool,
    sides: Sequence[Mapping[str, Any]],
    runs: Sequence[Mapping[str, Any]],
    waiting: Mapping[str, Any],
) -> Health:
    """The worst that is to be told."""
    paused = [side for side in sides if side["state"] == "paused"]
    if paused:
        names = " and ".join(words.system(side["side"]) for side in paused)
        return Health("bad", f"{names} is paused: nothing is synced.", paused[0]["reason"])
    if not on:
        return Health("wait", "The sync is switched off: nothing is read or written.")
    ended = [run for run in runs if run["outcome"] != "open" and not run["dry_run"]]
    if not ended:
        return Health("wait", "The sync is on, and no run has ended yet.")
    if ended[0]["outcome"] == "failed":
        return Health("bad", "The last run failed.", ended[0]["summary"])
    if datetime.now(UTC) - runs[0]["opened_at"] > _patience([run["opened_at"] for run in runs]):
        more = "See that the DAG task_sync is not paused and that Airflow's scheduler runs."
        return Health("bad", "The sync is on, and no run has begun for a while.", more)
    if waiting["parked"] or waiting["requests"] or waiting["conflicts"] or waiting["missing"]:
        return Health("wait", "The sync is running. Something waits for a person.")
    return Health("good", "The sync is running, and nothing waits.")


def _patience(opened: Sequence[datetime]) -> timedelta:
    """How long after the last run the next one may begin, by how the last ones followed each other. Newest first."""
    gaps = [(newer - older).total_seconds() for newer, older in pairwise(opened)]
    return max(_LATE, _TIMES_LATE * timedelta(seconds=median(gaps))) if gaps else _LATE
