"""Counting the requests to one system as they leave, for the ledger to keep (G7)."""

from __future__ import annotations

import threading
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
    of a process that call the same system; each says for itself what it is doing, and no call is under way when it
    is asked.
    """

    def __init__(self, named: Callable[[str], CallKind | None] = unnamed) -> None:
        self._named = named
        self._seen: list[CallKind] = []
        self._told: Told | None = None
        self._doing: dict[int, CallKind] = {}  # by thread

    @contextmanager
    def doing(self, kind: CallKind) -> Iterator[None]:
        thread = threading.get_ident()
        before = self._doing.get(thread)
        self._doing[thread] = kind
        try:
            yield
        finally:
            if before is None:
                self._doing.pop(thread, None)
            else:
                self._doing[thread] = before

    def request(self, method: str, path: str) -> None:
        doing = self._doing.get(threading.get_ident())
        kind = self._named(path) or doing or (CallKind.QUERY if method == "GET" else CallKind.WRITE)
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
