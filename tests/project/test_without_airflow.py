"""The decisions and the steps of a run are developed and tested on a machine without Airflow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# None in sys.modules makes every import of it fail as if it were not installed.
PROGRAM = """
import sys
sys.modules["airflow"] = None
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""


def test_core_engine_and_machine_tests_need_no_airflow() -> None:
    folders = ["tests/core", "tests/engine", "tests/machine"]
    collect = _pytest("--collect-only", *folders)
    assert collect.returncode == 0, collect.stdout[-2000:]
    some = _pytest("-k", "test_S1 or test_F6 or test_T1", *folders)
    assert some.returncode == 0, some.stdout[-2000:]
    assert " passed" in some.stdout


def _pytest(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
