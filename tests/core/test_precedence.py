"""The ordered tables: the first line that applies decides, and docs/rules.md shows them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from taskbridge.core.admission import admit
from taskbridge.core.compare import compare
from taskbridge.core.join import join
from taskbridge.core.judge import judge
from taskbridge.core.precedence import ADMISSION, PRECEDENCE, Fate, Line, as_markdown, first_line
from taskbridge.core.rules import Rules
from taskbridge.core.terms import Side
from taskbridge.core.view import View
from tests.core import frames
from tests.core.documented import shown
from tests.core.frames import DAY, SWITCHED_ON, Row, absent, broken, gone, link, sc, sf


@pytest.mark.parametrize("table", [PRECEDENCE, ADMISSION])
def test_the_first_line_that_applies_decides(table: tuple[Line[Any], ...]) -> None:
    for number, (first, second) in enumerate(pairwise(table)):
        seen = {
            first.situation: np.array([True, False, False]),
            second.situation: np.array([True, True, False]),
        }
        assert first_line(table, seen, 3).tolist() == [number, number + 1, -1]


LONG_AGO = SWITCHED_ON - DAY
PAIRS = [
    (link(unconfirmed=True, parked=True), sc(), sf(), "unconfirmed"),
    (link(dirty=True, sc_version=sc()["version"] + DAY), sc(), sf(subtype="Email"), "outdated"),
    (link(state="tombstone"), gone(sc()), broken(sf()), "ended"),
    (link(dirty=True), broken(sc()), sf(owner="zoe"), "broken"),
    (link(sf_id=None, state="pending", parked=True), absent(sc()), None, "half_absent"),
    (link(sf_id=None, state="pending", parked=True), gone(sc()), None, "half_deleted"),
    (
        link(parked=True, sc_version=sc()["version"], sf_version=sf()["version"]),
        sc(),
        sf(subtype="Email"),
        "parked",
    ),
    (link(dirty=True, sc_owner="zoe"), gone(sc()), sf(), "untold"),
    (link(sf_id=None, state="pending"), sc(owner="zoe"), None, "unsynced"),
    (link(dirty=True), sc(), sf(subtype="Email"), "no_reminder"),
    (link(sf_id=None, state="pending", dirty=True), sc(), None, "half"),
    (link(dirty=True), gone(sc(), delete_cause="user_deleted"), sf(), "went_with_user"),
    (link(dirty=True), sc(), None, "unread"),
]


@pytest.mark.parametrize(("pair", "left", "right", "situation"), PAIRS)
def test_C2_C3_C5_G2_G4_G9_what_is_seen_of_a_pair(
    pair: Row, left: Row, right: Row | None, situation: str
) -> None:
    untold = [Side.SALES_CONNECT] if situation == "untold" else []
    given = frames.given([pair], [left], [] if right is None else [right], untold=untold)
    rules = Rules.of(given)
    [line] = judge(compare(join(given), rules), rules)["line"]
    assert PRECEDENCE[line].situation == situation


@pytest.mark.parametrize(
    ("row", "situation"),
    [
        (broken(sc()), "broken"),
        (gone(sc(owner="zoe")), "gone"),
        (sc(marker="tb:sc:acc1:9:1", owner="zoe"), "marked"),
        (sc(owner="zoe", created_at=LONG_AGO), "unsynced"),
        (sc(created_at=LONG_AGO), "edited_old"),
        (sc(created_at=LONG_AGO, modified_at=LONG_AGO), "old"),
    ],
)
def test_I2_I3_S2_G2_what_is_seen_of_a_record_in_no_pair(row: Row, situation: str) -> None:
    given = frames.given([], [row], [])
    [line] = admit(Side.SALES_CONNECT, View.of(given.sales_connect), Rules.of(given))
    assert ADMISSION[line].situation == situation


def test_every_fate_is_some_lines() -> None:
    assert {line.follows for line in PRECEDENCE} == set(Fate)


def test_the_document_shows_the_tables() -> None:
    assert shown("precedence") == as_markdown(), "put there what core.precedence.as_markdown() answers"
