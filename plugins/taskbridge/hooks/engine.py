"""The engine of a step, built from connections. The one place where its ports come together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property

from taskbridge.core.terms import Side
from taskbridge.core.usage import Told
from taskbridge.engine.engine import Engine
from taskbridge.engine.pause import WatchedSides
from taskbridge.engine.ports import Sides
from taskbridge.engine.usage import RECENTLY
from taskbridge.hooks.database import database_url
from taskbridge.hooks.sales_connect import SalesConnectHook
from taskbridge.hooks.salesforce import log_in
from taskbridge.settings import Settings
from taskbridge.sides.http import Alone, Sessions
from taskbridge.sides.sales_connect.side import SalesConnectSide
from taskbridge.sides.salesforce.side import SalesforceSide
from taskbridge.store import Ledger


def alone(_: Side) -> Sessions:
    return Alone()


class ConnectedSides(Sides):
    """Both systems. A connection is read when its side is first used: what asks nothing of it, needs none.

    `features`: what Sales Connect offered when the run was opened; `sessions`: where the run keeps its logins;
    `last_told`: as in SalesforceSide.
    """

    def __init__(
        self,
        settings: Settings,
        features: frozenset[str],
        sessions: Callable[[Side], Sessions] = alone,
        last_told: Callable[[], Told | None] = lambda: None,
    ) -> None:
        object.__setattr__(self, "_settings", settings)
        object.__setattr__(self, "_features", features)
        object.__setattr__(self, "_sessions", sessions)
        object.__setattr__(self, "_last_told", last_told)

    _settings: Settings
    _features: frozenset[str]
    _sessions: Callable[[Side], Sessions]
    _last_told: Callable[[], Told | None]

    @cached_property
    def sales_connect(self) -> SalesConnectSide:
        side = SalesConnectHook().get_conn(
            self._sessions(Side.SALES_CONNECT), self._settings.concurrent_calls
        )
        side.features = self._features
        return side

    @cached_property
    def salesforce(self) -> SalesforceSide:
        return SalesforceSide(
            log_in,
            marker_field=self._settings.salesforce_marker_field,
            api_version=self._settings.salesforce_api_version,
            api_reserve=self._settings.salesforce_api_reserve,
            sessions=self._sessions(Side.SALESFORCE),
            last_told=self._last_told,
            upserts=self._settings.salesforce_creates == "upsert",
            query_threshold=self._settings.salesforce_bulk_query_threshold,
            query_patience=self._settings.salesforce_bulk_patience_seconds,
            concurrent_calls=self._settings.concurrent_calls,
        )


@contextmanager
def open_ledger() -> Iterator[Ledger]:
    """The ledger, closed at the end. Raises ConnectionMissing; the database is not reached before its use."""
    with Ledger(database_url()) as ledger:
        yield ledger


def looking_engine(
    ledger: Ledger,
    settings: Settings,
    switch: Callable[[], bool],
    sessions: Callable[[Side], Sessions] = alone,
) -> Engine:
    """An engine for looks before a run: a login that is refused to it pauses no side."""
    return Engine(ledger, ConnectedSides(settings, frozenset(), sessions), settings, switch)


def build_engine(
    ledger: Ledger,
    settings: Settings,
    switch: Callable[[], bool],
    features: frozenset[str] = frozenset(),
    sessions: Callable[[Side], Sessions] = alone,
) -> Engine:
    """The engine of one task process. `sessions`: where it shares its logins with the others of its run."""
    connected = ConnectedSides(
        settings, features, sessions, lambda: ledger.usage.last_told(Side.SALESFORCE, RECENTLY)
    )
    sides = WatchedSides(connected, ledger)
    return Engine(ledger, sides, settings, switch)
