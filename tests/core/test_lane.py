"""What the event lane costs, and whether an allocation affords it (G7)."""

from __future__ import annotations

import pytest

from taskbridge.core.finding import Level
from taskbridge.core.lane import affords, calls_a_day, cost, least_seconds
from taskbridge.core.usage import Told


@pytest.mark.parametrize(("seconds", "calls"), [(5, 17_280), (7, 12_343), (900, 96)])
def test_G7_a_day_of_asking_is_a_call_each_time(seconds: int, calls: int) -> None:
    assert calls_a_day(seconds) == calls


@pytest.mark.parametrize(
    ("most", "least"), [(100_000, 5), (24_000, 5), (23_999, 6), (15_000, 8), (133, None)]
)
def test_G7_the_least_interval_leaves_a_quarter_as_much_to_the_runs_and_the_reserve_alone(
    most: int, least: int | None
) -> None:
    assert least_seconds(most, 0.1) == least
    told = Told(most, most)
    for seconds in (5, 6, 7, 8, 900):
        assert affords(told, 0.1, seconds, asking=False) is (least is not None and seconds >= least)


def test_G7_it_stops_with_six_hours_of_calls_left_above_the_reserve_and_goes_on_with_twelve() -> None:
    kept = 17_280 // 4
    for left, asking, may in (
        (10_000 + kept, True, True),
        (10_000 + kept - 1, True, False),
        (10_000 + 2 * kept - 1, False, False),
        (10_000 + 2 * kept, False, True),
    ):
        assert affords(Told(left, 100_000), 0.1, 5, asking=asking) is may


def test_G7_a_side_that_tells_no_allocation_sets_no_bound() -> None:
    assert affords(Told(0, None), 0.1, 5, asking=True)


def test_G7_the_doctor_shows_the_price_before_it_is_paid() -> None:
    assert cost(15_000, 0.1).seen == (
        "asking takes, of 13,500 calls a day that are ours: every 5 s 17,280, every 10 s 8,640, every 30 s 2,880, "
        "every 60 s 1,440; affordable from 8 s on (TASKBRIDGE_LANE_SECONDS)"
    )
    assert cost(100, 0.1).level is Level.WARNING
