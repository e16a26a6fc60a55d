"""S1: the Variable `taskbridge_enabled`."""

from __future__ import annotations

from typing import NoReturn

import pytest
from airflow.sdk import Variable

from taskbridge.errors import SettingsInvalid
from taskbridge.operators.variables import read_settings, switch_is_on


def unreadable(*_: object, **__: object) -> NoReturn:
    raise ConnectionError("no answer")


@pytest.mark.parametrize("value", ["true", "True", " TRUE ", "1", "yes", "on"])
def test_S1_true_values_switch_on(
    value: str, monkeypatch: pytest.MonkeyPatch, metadata_database: None
) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_TASKBRIDGE_ENABLED", value)
    assert switch_is_on()


@pytest.mark.parametrize("value", ["false", "0", "no", "off", "", "null", "enabled?", '"true"', "2"])
def test_S1_anything_else_is_off(
    value: str, monkeypatch: pytest.MonkeyPatch, metadata_database: None
) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_TASKBRIDGE_ENABLED", value)
    assert not switch_is_on()


def test_S1_unset_is_off(monkeypatch: pytest.MonkeyPatch, metadata_database: None) -> None:
    monkeypatch.delenv("AIRFLOW_VAR_TASKBRIDGE_ENABLED", raising=False)
    assert not switch_is_on()


def test_S1_unreadable_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Variable, "get", unreadable)
    assert not switch_is_on()


def test_settings_that_cannot_be_read_are_no_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Variable, "get", unreadable)
    with pytest.raises(SettingsInvalid, match="taskbridge_settings cannot be read"):
        read_settings()
