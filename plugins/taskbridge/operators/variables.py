"""The Airflow Variables. Read by tasks, never while a DAG file is parsed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from airflow.sdk import Variable

from taskbridge.errors import SettingsInvalid

if TYPE_CHECKING:
    from taskbridge.settings import Settings

INSTALLATION: Final = "taskbridge_installation"
ENABLED: Final = "taskbridge_enabled"
SETTINGS: Final = "taskbridge_settings"

_ON: Final = frozenset({"true", "1", "yes", "on"})
_log = logging.getLogger(__name__)


def switch_is_on() -> bool:
    """Whether the sync is switched on; asked anew each time, so that it is also a brake (S1)."""
    try:
        value = Variable.get(ENABLED, default=None)
    except Exception as error:  # whatever keeps it from being read means off
        _log.warning("The Variable %s cannot be read (%s): taken as off.", ENABLED, type(error).__name__)
        return False
    return isinstance(value, str) and value.strip().casefold() in _ON


def installation() -> str:
    """This Airflow's own name among those that share one database; the first run makes it up.

    Two of them give their scheduled runs the same ids, and must not take each other's for their own (invariant 23).
    Raises SettingsInvalid.
    """
    try:
        if not (known := Variable.get(INSTALLATION, default=None)):
            Variable.set(
                INSTALLATION, uuid4().hex[:8], "Tells the runs of this Airflow apart; do not change it."
            )
            known = Variable.get(INSTALLATION)
    except Exception as error:
        raise SettingsInvalid(
            f"The Variable {INSTALLATION}, which tells the runs of this Airflow apart, can be neither read nor made "
            f"({type(error).__name__}); see that Airflow's API server answers, or set it once under Admin, Variables."
        ) from error
    return str(known)


def read_settings() -> Settings:
    """The settings of now. Raises SettingsInvalid."""
    from taskbridge.settings import Settings

    try:
        text = Variable.get(SETTINGS, default=None)
    except Exception as error:
        raise SettingsInvalid(
            f"The Variable {SETTINGS} cannot be read ({type(error).__name__}); "
            "set it again under Admin, Variables, or delete it for all defaults."
        ) from error
    return Settings.parse(text)
