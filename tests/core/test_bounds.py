"""Times and numbers at the edge: what nothing can be computed with is refused where it enters, with a sentence."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from taskbridge.core.bounds import LAST_NUMBER, YEARS, is_number, moment
from taskbridge.errors import SettingsInvalid
from taskbridge.settings import KindLimits, Settings, describe

EDGES = (datetime(YEARS[0], 1, 1, tzinfo=UTC), datetime(YEARS[-1], 12, 31, 23, 59, 59, tzinfo=UTC))
SPANS = sorted(
    name
    for name in Settings.model_fields
    if name.endswith(("_seconds", "_minutes", "_hours", "_days")) or name == "salesforce_guarded_updates"
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**9, 2 * 10**7, 10**300, -1])


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "1900-01-01T00:00:00+01:00",
        "2999-12-31T23:59:59-00:01",
        "2026-03-01T00:00:00",
        "2026-03-01",
        "yesterday",
        "",
        None,
        5,
    ],
)
def test_what_is_no_time_is_refused(text: Any) -> None:
    with pytest.raises(ValueError, match="1900 to 2999"):
        moment(text)


@given(st.datetimes(timezones=st.timezones() | st.just(UTC)))
@example(EDGES[0])
@example(EDGES[1])
def test_a_time_is_read_in_utc_or_refused(told: datetime) -> None:
    try:
        found = moment(told.isoformat())
    except ValueError:
        return
    assert found == told.astimezone(UTC)
    assert found.year in YEARS


@given(st.sampled_from(SPANS), NUMBERS)
@example("first_sync_lookback_hours", 20_000_000)
@example("overlap_minutes", 10**300)
@example("parked_retry_hours", float("nan"))
def test_any_number_for_a_setting_is_refused_or_can_be_computed_with(name: str, value: float) -> None:
    try:
        settings = Settings.parse(json.dumps({name: value}))
    except SettingsInvalid:
        return
    spans = [
        settings.overlap,
        settings.late_request,
        settings.lease,
        timedelta(hours=settings.parked_retry_hours),
    ]
    spans += [
        settings.policy.first_sync_lookback,
        settings.policy.conflict_margin,
        settings.policy.delete_max_age,
    ]
    for edge in EDGES:
        for span in spans:
            assert edge - 2 * span < edge + 2 * span + timedelta(microseconds=1)


@pytest.mark.parametrize(
    "text",
    [
        '{"limits": {"count": ' + "9" * 5_000 + "}}",
        "[" * 100_000,
        '{"user_map": {"\\u0000": "a"}}',
        '{"subject_template": "\\ud800"}',
    ],
)
def test_settings_that_no_reader_can_hold_are_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(SettingsInvalid, match="taskbridge_settings"):
        Settings.parse(text)


def test_every_number_among_the_settings_has_a_range_that_is_documented() -> None:
    rows = [line.split(" | ") for line in describe().splitlines()[2:]]
    numbers = [
        row
        for row in rows
        # One may be off unless it is set.
        if row[1].split(",")[0].strip("`").replace(".", "").isdecimal() or row[0].strip("| `") in SPANS
    ]
    assert set(SPANS) <= {row[0].strip("| `") for row in numbers}
    assert len(numbers) > len(SPANS) + len(KindLimits.model_fields) - 1
    for row in numbers:
        assert " to " in row[2], row


@pytest.mark.parametrize("value", [-1, 2**63, 10**30, True, "5", 1.0, None])
def test_what_is_no_number_of_a_run_or_a_conflict(value: object) -> None:
    assert not is_number(value)


def test_the_last_number_is_one() -> None:
    assert is_number(0)
    assert is_number(LAST_NUMBER)
