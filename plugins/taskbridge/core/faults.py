"""Which staged records no plan can be made with: a fault of the program must not keep all others waiting (G4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from taskbridge.core.arrays import Positions, columns, find
from taskbridge.core.model import PlanInput
from taskbridge.core.terms import Side

MOST: Final = 10
"""Pairs that may be at fault. Where more are, it is no matter of single records."""


def faulty_records(given: PlanInput, fails: Callable[[PlanInput], bool]) -> Mapping[Side, list[str]]:
    """By side the ids of the records with which a plan `fails`; none where no few of them are the reason.

    A pair is looked at as a whole. `fails` must answer the same for the same input.
    """
    pairs = _pairs(given)
    everything = np.unique(np.concatenate(list(pairs.values())))
    found = np.fromiter(_search(everything, lambda among: fails(_only(given, pairs, among))), np.int64)
    rest = np.setdiff1d(everything, found)
    if not 0 < len(found) <= MOST or fails(_only(given, pairs, rest)):
        return {}
    return {side: list(given.tasks(side).loc[np.isin(pairs[side], found), "remote_id"]) for side in Side}


def _search(among: Positions, fails: Callable[[Positions], bool]) -> Iterator[int]:
    """The first few that fail alone, found by halves."""
    waiting, found = [among], 0
    while waiting and found <= MOST:
        some = waiting.pop()
        if not len(some) or not fails(some):
            continue
        if len(some) == 1:
            found += 1
            yield int(some[0])
        else:
            waiting += np.array_split(some, 2)


def _pairs(given: PlanInput) -> Mapping[Side, Positions]:
    """By side the number of each staged row's pair: the row of its link, or one of its own behind all links."""
    links, numbers, behind = columns(given.links), {}, len(given.links)
    for side in Side:
        number = find(columns(given.tasks(side))["remote_id"], links[f"{side.prefix}_id"])
        alone = number < 0
        number[alone] = behind + np.arange(alone.sum())
        behind += int(alone.sum())
        numbers[side] = number
    return numbers


def _only(given: PlanInput, pairs: Mapping[Side, Positions], among: Positions) -> PlanInput:
    """The input of these pairs. Links without a staged row stay: a marker may name them."""
    numbers = np.arange(len(given.links))
    staged = np.isin(numbers, np.concatenate(list(pairs.values())))
    links = given.links[np.isin(numbers, among) | ~staged]

    def of_these(frame: pd.DataFrame) -> pd.DataFrame:
        return frame[frame["link_id"].isin(links["link_id"])].reset_index(drop=True)

    sc, sf = (given.tasks(side)[np.isin(pairs[side], among)].reset_index(drop=True) for side in Side)
    return replace(
        given,
        links=links.reset_index(drop=True),
        sales_connect=sc,
        salesforce=sf,
        recent=of_these(given.recent),
        approvals=of_these(given.approvals),
    )
