"""Halting before anything is planned over a side that looks emptied or set back (G8)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from taskbridge.core.model import PlanInput
from taskbridge.core.plausible import Sight, look
from taskbridge.core.run import Run
from taskbridge.core.terms import Side
from taskbridge.engine.deciding.inputs import plan_input
from taskbridge.engine.engine import Engine
from taskbridge.engine.reading.lots import read_sample
from taskbridge.errors import SideLooksEmpty, SideLooksOld

ACCEPT_SIDE: Final = "accept_side"
"""What a run is asked (`RunSpec.asked`) by a person who has looked: sales_connect, salesforce or both."""

BOTH: Final = "both"
SAMPLE: Final = 200
EVERYTHING: Final = 2**31 - 1


def believable_input(engine: Engine, run: Run) -> PlanInput:
    """The plan's input, after a look at whether the sides can be what they seem.

    In doubt up to SAMPLE more linked records of the side are read. Raises SideLooksEmpty and SideLooksOld,
    unless the run was asked to accept the side: then all its linked records are read, so that one such run is
    enough. What is not found is held as missing; what is older was read by id, and is the present (G9).
    """
    given = plan_input(engine, run)
    for side in Side:
        given = _checked(engine, run, side, given)
    return given


def _checked(engine: Engine, run: Run, side: Side, given: PlanInput) -> PlanInput:
    sight = _look(engine, run, given, side)
    if not (sight.may_be_empty or sight.older):
        return given
    accepted = run.spec.asked.get(ACCEPT_SIDE) in (side.value, BOTH)
    if (sight.may_be_empty or accepted) and read_sample(
        engine, run, side, EVERYTHING if accepted else SAMPLE
    ):
        given = plan_input(engine, run)
        sight = _look(engine, run, given, side)
    if accepted:
        engine.ledger.runs.note(run, f"{side.system} is accepted as it is: {_numbers(sight)}.")
        return given
    _halt_in_doubt(side, sight)
    if sight.older:
        engine.ledger.runs.note(
            run,
            f"{sight.older} tasks of {side.system} have older versions than before: a clock was put right, or they "
            "came from a backup. They were read by id, and what that showed counts (G9).",
        )
    return given


def _look(engine: Engine, run: Run, given: PlanInput, side: Side) -> Sight:
    """A side may be lost a few records at a time: pairs that are missing already count, though seldom looked for. So
    do records that a listing showed as they are known."""
    sight = look(given, side)
    if not (sight.absent or sight.older):
        return sight
    missing, known = engine.ledger.staging.unstaged(run, side)
    return replace(sight, read=sight.read + known, resting=max(0, missing - sight.missing))


def _halt_in_doubt(side: Side, sight: Sight) -> None:
    if sight.looks_empty:
        raise SideLooksEmpty(
            f"{side.system} looks empty: {_numbers(sight)}. Nothing was decided. Check that the connection leads to "
            "the right system and that its user may still see everybody's tasks; the next run goes on then. If they "
            f"are really gone, start task_sync with {ACCEPT_SIDE} = {side.value}: their pairs are held as missing, "
            "and nothing is deleted."
        )
    if sight.looks_old:
        raise SideLooksOld(
            f"{side.system} looks like an older copy of itself: {_numbers(sight)}. Nothing was decided. Check that the "
            "connection leads to the right system. If it was restored from a backup on purpose, or its clock was fast "
            f"and was put right, start task_sync with {ACCEPT_SIDE} = {side.value}: its present values then count as "
            "edits, what they overwrite is kept, and the next runs go on."
        )


def _numbers(sight: Sight) -> str:
    return (
        f"of {sight.read} linked tasks looked at {sight.absent} are not found ({sight.missing + sight.resting} more "
        f"were missing before), and {sight.older} have an older version than before"
    )
