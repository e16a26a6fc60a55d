"""The engine of a step, built from connections. The one place where its ports come together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property

from taskbridge.engine.engine import Engine
from taskbridge.engine.pause import WatchedSides
from taskbridge.engine.ports import Ledger, Sides
from taskbridge.hooks.database import database_url
from taskbridge.hooks.sales_connect import SalesConnectHook
from taskbridge.hooks.salesforce import log_in
from taskbridge.settings import Settings
from taskbridge.sides.sales_connect import SalesConnectSide
from taskbridge.sides.salesforce import SalesforceSide
from taskbridge.store.ledger import PostgresLedger


class ConnectedSides(Sides):
    """Both systems. A connection is read when its side is first used: what asks nothing of it, needs none.

    `features`: what Sales Connect offered when the run was opened.
    """

    def __init__(self, settings: Settings, features: frozenset[str]) -> None:
        object.__setattr__(self, "_settings", settings)
        object.__setattr__(self, "_features", features)

    _settings: Settings
    _features: frozenset[str]

    @cached_property
    def sales_connect(self) -> SalesConnectSide:
        side = SalesConnectHook().get_conn()
        side.features = self._features
        return side

    @cached_property
    def salesforce(self) -> SalesforceSide:
        return SalesforceSide(
            log_in,
            marker_field=self._settings.salesforce_marker_field,
            api_version=self._settings.salesforce_api_version,
            api_reserve=self._settings.salesforce_api_reserve,
        )


@contextmanager
def open_ledger(settings: Settings) -> Iterator[PostgresLedger]:
    """The ledger, closed at the end. Raises ConnectionMissing; the database is not reached before its use."""
    rest = timedelta(hours=settings.parked_retry_hours)
    with PostgresLedger(database_url(), parked_retry=rest) as ledger:
        yield ledger


def build_engine(
    ledger: Ledger,
    settings: Settings,
    switch: Callable[[], bool],
    features: frozenset[str] = frozenset(),
) -> Engine:
    """The engine of one task process."""
    sides = WatchedSides(ConnectedSides(settings, features), ledger)
    return Engine(ledger, sides, settings, switch)
