from datetime import UTC, datetime, timedelta

import pytest

from sandbox.kernel.clock import Clock

START = datetime(2026, 1, 31, 8, 30, 0, 123456, tzinfo=UTC)


class Source:
    """A machine whose time the test moves."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def passes(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def test_runs_with_the_machine_from_where_it_was_moved() -> None:
    source = Source()
    clock = Clock(source)
    clock.advance(3600)
    source.passes(5)
    assert clock.now() == START + timedelta(seconds=3605)
    clock.set(datetime(2030, 1, 1, tzinfo=UTC))
    source.passes(1.5)
    assert clock.now() == datetime(2030, 1, 1, 0, 0, 1, 500000, tzinfo=UTC)


def test_frozen_it_stands_moves_only_when_told_and_goes_on_from_there() -> None:
    source = Source()
    clock = Clock(source)
    clock.freeze(True)
    source.passes(100)
    assert clock.now() == START
    clock.advance(-1)
    source.passes(100)
    assert clock.now() == START - timedelta(seconds=1)
    clock.freeze(False)
    source.passes(2)
    assert clock.now() == START + timedelta(seconds=1)


@pytest.mark.parametrize("frozen", [False, True])
def test_state_carries_it_over_a_restart(frozen: bool) -> None:
    source = Source()
    clock = Clock(source)
    clock.advance(-86400.000001)
    clock.freeze(frozen)
    later = Clock(source)
    later.restore(clock.state())
    source.passes(7)
    assert later.now() == clock.now()
    assert later.frozen is frozen


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        Clock().set(datetime(2026, 1, 1))  # noqa: DTZ001
