"""What work costs in calls of Salesforce, against the numbers that are promised."""

from __future__ import annotations

from math import ceil

import pytest

from taskbridge.core import api_calls


@pytest.mark.parametrize(("rows", "by_job"), [(1, False), (2_200, False), (2_201, True), (1_000_000, True)])
def test_a_job_is_chosen_where_it_takes_fewer_calls(rows: int, by_job: bool) -> None:
    assert (rows >= api_calls.JOB_PAYS_FROM) is by_job
    assert (api_calls.job_calls(rows) < ceil(rows / api_calls.COLLECTION_ROWS)) is by_job


@pytest.mark.parametrize(("records", "by_job"), [(0, False), (20_000, False), (20_001, True)])
def test_a_query_job_is_chosen_where_it_takes_fewer_calls(records: int, by_job: bool) -> None:
    assert api_calls.prefers_query_job(records) is by_job


@pytest.mark.parametrize(
    ("seconds", "looks"), [(0, 1), (1, 1), (2, 2), (3, 2), (63, 6), (64, 7), (95, 7), (96, 8)]
)
def test_looks_at_a_job_back_off(seconds: float, looks: int) -> None:
    assert api_calls.polls(seconds) == looks


def test_nothing_costs_nothing() -> None:
    assert api_calls.job_calls(0) == 0
    assert api_calls.query_calls(0) == 1
