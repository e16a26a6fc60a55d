"""Counting the requests to one system as they leave, for the ledger to keep (G7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from taskbridge.core.usage import CallKind, Told, Usage


def unnamed(path: str) -> CallKind | None:
    """For a system whose paths do not tell what a request is for."""
    return None


class CallMeter:
    """`engine.ports.Meter`. A request counts when it leaves, whether or not an answer comes.

    `named` tells from a path what a request is for, where the path alone tells it. One object serves all threads
    of a process that call the same system; they do the same thing at a time, and have ended when it is asked.
    """

    def __init__(self, named: Callable[[str], CallKind | None] = unnamed) -> None:
        self._named = named
        self._seen: list[CallKind] = []
        self._told: Told | None = None
        self._doing: CallKind | None = None

    @contextmanager
    def doing(self, kind: CallKind) -> Iterator[None]:
        before, self._doing = self._doing, kind
        try:
            yield
        finally:
            self._doing = before

    def request(self, method: str, path: str) -> None:
        kind = self._named(path) or self._doing or (CallKind.QUERY if method == "GET" else CallKind.WRITE)
        if kind is CallKind.WRITE and method == "GET":
            kind = CallKind.LOOK_UP
        self._seen.append(kind)

    def login(self) -> None:
        self._seen.append(CallKind.LOGIN)

    def tell(self, told: Told) -> None:
        self._told = told

    def take(self) -> Usage:
        """What was counted since this was last asked."""
        seen, self._seen = self._seen, []
        told, self._told = self._told, None
        return Usage(dict(Counter(seen)), told)
