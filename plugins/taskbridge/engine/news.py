"""What has changed since people were last told: found by comparing the state after a run with what they know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from taskbridge.core.terms import Side
from taskbridge.store import Ledger
from taskbridge.store.notices import Notice, Standing


@dataclass(frozen=True)
class Ended:
    """How a run of the clock ended. A person who starts one sees it."""

    dag_id: str
    error: str | None


def tell(
    ledger: Ledger, ended: Ended | None, patience: timedelta | None, send: Callable[[list[Notice]], bool]
) -> list[Notice]:
    """Tells the changes by `send`, which answers whether anybody was reached; only then they count as told.

    `patience`: for so long no run need settle. `ended`: null when the run says nothing of whether the next would work.
    """
    with ledger.transaction():
        notices = list(news(ledger.notices.standing(), ended, patience))
        if not notices or not send(notices):
            return []
        ledger.notices.save(notices)
    return notices


def news(now: Standing, ended: Ended | None, patience: timedelta | None) -> Iterator[Notice]:
    """What is new to people, and what is over."""
    for side in Side:
        reason = now.paused.get(side)
        told = None if reason is None else f"{side.system} is paused: {reason}"
        yield from _change(now, f"paused:{side}", told, f"{side.system} is back.")
    # A run that fails as a side is paused is no news beside that.
    if ended is not None and not (ended.error and now.paused):
        told = ended.error and f"{ended.dag_id} failed: {ended.error}"
        yield from _change(now, f"failed:{ended.dag_id}", told, f"{ended.dag_id} works again.")
    if patience is not None and now.quiet is not None:
        minutes = int(now.quiet.total_seconds() // 60)
        told = f"Nothing has crossed for {minutes} minutes." if now.quiet > patience else None
        yield from _change(now, "late", told, "Changes cross again.")
    if now.requests:
        yield Notice("approvals", f"Waits for approval: {', '.join(now.requests)}.", up_to=now.last_request)
    if now.parked:
        rows = "1 row" if now.parked == 1 else f"{now.parked} rows"
        yield Notice("parked", f"Newly parked: {rows}, see mart.not_synced.", up_to=now.last_parked)


def _change(now: Standing, subject: str, text: str | None, over: str) -> Iterator[Notice]:
    if text is not None and subject not in now.told:
        yield Notice(subject, text)
    if text is None and subject in now.told:
        yield Notice(subject, over, over=True)
