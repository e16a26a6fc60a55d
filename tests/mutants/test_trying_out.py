"""What counts as caught: tests that fail with the fault and are green without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.mutants import __main__ as mutants
from tests.mutants.faults import CODE, Fault

ROOT = Path(__file__).resolve().parents[2]
NEAR = ("tests/core/test_guard.py", "tests/core/test_users.py")
FAULT = Fault("third", "core/guard.py", "total > pairs / 2", "total > pairs / 3", "nothing", " ".join(NEAR))
TryOut = Callable[..., mutants.Verdict]


@pytest.fixture
def try_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TryOut:
    """Tries FAULT in a copy, where `noticing` fail with it and `red` fail anyway."""
    monkeypatch.setattr(mutants, "PARTS", ("plugins",))

    def with_tests(noticing: Sequence[str] = (), red: Sequence[str] = ()) -> mutants.Verdict:
        def run(copy: Path, tests: Sequence[str]) -> str | None:
            planted = FAULT.new in (copy / CODE / FAULT.file).read_text(encoding="utf-8")
            return next((test for test in tests if test in red or (planted and test in noticing)), None)

        monkeypatch.setattr(mutants, "_run", run)
        copies = mutants.Copies(tmp_path, 1)
        verdict = mutants.try_out(copies, mutants.Unchanged(), FAULT)
        with copies.one() as copy:
            file = CODE / FAULT.file
            assert (copy / file).read_bytes() == (ROOT / file).read_bytes(), "the fault is taken out again"
        return verdict

    return with_tests


@pytest.mark.parametrize("test", NEAR)
def test_each_of_the_near_tests_may_notice(try_out: TryOut, test: str) -> None:
    verdict = try_out(noticing=[test, "tests/core"])
    assert (verdict.caught_by, verdict.trouble) == (test, None)


def test_what_no_near_test_notices_is_left_to_all_others_its_own_folder_first(try_out: TryOut) -> None:
    assert try_out(noticing=["tests/engine", "tests/core"]).caught_by == "tests/core"


def test_what_nobody_notices_survives(try_out: TryOut) -> None:
    verdict = try_out()
    assert (verdict.caught_by, verdict.trouble) == (None, None)


def test_a_test_that_fails_anyway_proves_nothing(try_out: TryOut) -> None:
    verdict = try_out(noticing=NEAR, red=[NEAR[1]])
    assert (verdict.caught_by, verdict.trouble) == (None, f"{NEAR[1]} fails without the fault, too")
