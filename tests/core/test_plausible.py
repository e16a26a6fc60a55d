"""G8: whether a side can be what it seems."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from taskbridge.core.plausible import Sight, look
from taskbridge.core.terms import Side
from tests.core.frames import HOUR, NOON, absent, given, gone, link, many, sc, sf

SC, SF = Side.SALES_CONNECT, Side.SALESFORCE

# read, absent, missing before, older; worth another look, empty, old
SIGHTS = [
    ((0, 0, 0, 0), False, False, False),
    ((10, 10, 0, 0), False, False, False),  # too few to tell
    ((11, 11, 0, 0), True, True, False),
    ((40, 20, 0, 0), False, False, False),  # a sharing rule hides half
    ((40, 21, 0, 0), True, False, False),
    ((40, 35, 0, 0), True, False, False),
    ((40, 36, 0, 0), True, True, False),
    ((20, 0, 20, 0), False, False, False),  # those that were missing before are no news
    ((3, 3, 8, 0), True, True, False),  # they went away a few at a time
    ((3, 1, 50, 0), False, False, False),
    ((40, 0, 0, 10), False, False, False),
    ((40, 0, 0, 11), False, False, True),
    ((110, 0, 0, 11), False, False, True),
    ((111, 0, 0, 11), False, False, False),
    ((0, 0, 100, 11), False, False, True),
]


@pytest.mark.parametrize(("numbers", "again", "empty", "old"), SIGHTS)
def test_G8_where_a_partial_loss_ends_and_a_lost_side_begins(
    numbers: tuple[int, int, int, int], again: bool, empty: bool, old: bool
) -> None:
    sight = Sight(*numbers)
    assert (sight.may_be_empty, sight.looks_empty, sight.looks_old) == (again, empty, old)


def test_G8_what_was_read_of_each_side_is_counted_by_pairs() -> None:
    links, lefts, rights = many(8)
    links[1] |= {"state": "missing"}
    links[2] |= {"state": "tombstone"}
    links[3] |= {"state": "released"}
    links[4] |= {"state": "held"}
    rights = [absent(right) for right in rights[:5]] + [
        rights[5] | {"version": NOON - 2 * HOUR},
        gone(rights[6]),
    ]
    seen = given(links, [*lefts[:2], sc("stranger")], [*rights, absent(sf("T90"))])
    assert asdict(look(seen, SF)) == {"read": 4, "absent": 2, "missing": 1, "older": 1, "resting": 0}
    assert asdict(look(seen, SC)) == {"read": 1, "absent": 0, "missing": 0, "older": 0, "resting": 0}


def test_G8_older_versions_of_the_dead_say_nothing() -> None:
    old = sf(version=NOON - 2 * HOUR)
    assert look(given([link(state="tombstone")], [], [old]), SF).older == 0
    assert look(given([link(state="missing")], [], [old]), SF).older == 1
