"""The planted faults still fit the code; whether tests notice them is what `make mutants` finds out."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutants.faults import FAULTS, Fault

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_fault_applies_and_leaves_python(fault: Fault) -> None:
    changed = fault.applied_to(ROOT)
    ast.parse(changed)
    assert fault.old != fault.new
    assert fault.breaks


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_tests_that_are_near_exist(fault: Fault) -> None:
    assert fault.near
    for near in fault.near.split():
        file, _, test = near.partition("::")
        assert (ROOT / file).is_file()
        assert not test or f"\ndef {test}(" in (ROOT / file).read_text(encoding="utf-8")


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 100


def test_a_fault_that_does_not_fit_is_refused() -> None:
    stray = Fault("stray", "core/guard.py", "no such text", "", "nothing", "tests/core/test_guard.py")
    with pytest.raises(
        ValueError, match=r"stray: the old text stands 0 times in core/guard\.py, expected once"
    ):
        stray.applied_to(ROOT)
