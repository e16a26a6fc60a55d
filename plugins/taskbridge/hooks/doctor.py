"""The checks before a first run, over Airflow's connections."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime

from taskbridge.engine.preflight import Section, preflight
from taskbridge.errors import ConnectionMissing, TaskBridgeError
from taskbridge.hooks.engine import ConnectedSides, open_ledger
from taskbridge.settings import Settings
from taskbridge.store import Ledger


def examine(settings: Settings) -> list[Section]:
    """Asks both systems and the database. Nothing is written, and what fails is a finding."""
    with ExitStack() as opened:
        ledger: Ledger | TaskBridgeError
        try:
            ledger = opened.enter_context(open_ledger())
        except ConnectionMissing as missing:
            ledger = missing
        return preflight(ConnectedSides(settings, frozenset()), ledger, settings, lambda: datetime.now(UTC))
