"""The benchmarks run, at sizes at which their figures say nothing, and fill the table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.result import Result, table


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("name", "figures"),
    [("staging", {"1"}), ("sizes", {"2", "3"}), ("first_imports", {"5"}), ("cycles", {"6"})],
)
def test_a_bench_yields_its_figures(name: str, figures: set[str], tmp_path: Path) -> None:
    output = tmp_path / "results.json"
    few = ["--rows", "300", "--links", "300", "--tasks", "20", "--rounds", "1"]
    main(["--only", name, *few, "--output", str(output)])
    results = json.loads(output.read_text())
    assert {result["figure"] for result in results} - {None} == figures
    assert all(result["value"] > 0 and result["rival"] > 0 for result in results)


def test_the_table_has_the_figures_in_the_order_of_their_numbers() -> None:
    results = [
        Result.of("imports", 0.5, 2.0, None, "Airflow's own", figure="10", most=1.0),
        Result.of("own time", 12.0, 10.0, 0.91, "10 x", figure="6a"),
        Result.of("no figure", 1.0, 1.0, 1.0),
        Result.limited("calls", 2, 2, "calls", figure="4"),
        Result.of("cycle", 1.0, 11.0, 10.0, "naive", figure="6"),
    ]
    _, *lines = table(results)
    assert [line.split()[0] for line in lines] == ["4", "6", "6a", "10"]
    assert [line.split()[-1] for line in lines] == ["yes", "yes", "NO", "yes"]


@pytest.mark.parametrize(("value", "ok"), [(1.0, True), (2.0, True), (2.1, False)])
def test_a_figure_is_reached_when_it_is_at_most_so_much_and_so_many_times_the_rival(
    value: float, *, ok: bool
) -> None:
    assert Result.limited("run", value, 2.0, figure="9").ok is ok
    assert Result.of("run", value, 10.0, 5.0).ok is ok
    assert Result.of("run", value, 10.0, 1.0, most=2.0).ok is ok
