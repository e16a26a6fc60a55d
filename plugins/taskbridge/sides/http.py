"""One HTTP connection to a system: login, retries, and the difference between "not done" and "perhaps done".

Nothing here knows a vendor. Secrets live in `Grant.token` and in the authenticate function; neither is ever
part of a message or a repr.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Protocol, TypeVar

import orjson
import requests
from requests.auth import AuthBase
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay
from tenacity.wait import wait_random_exponential

from taskbridge.errors import AuthenticationFailed, ContractBroken
from taskbridge.sides.answers import Verdict, verdict
from taskbridge.sides.failures import Failures, Transient
from taskbridge.sides.hosts import Straight, own_address
from taskbridge.sides.http_answer import HttpAnswer, bounded
from taskbridge.sides.meter import CallMeter

TIMEOUTS: Final = (5.0, 60.0)
"""Seconds to connect, and between two bytes of an answer."""

_TRIES: Final = 4
_PATIENCE: Final = 75.0  # seconds in all; a rate limit asks for a minute at most
_BACKOFF: Final = wait_random_exponential(multiplier=0.2, max=3)

_FENCE: ContextVar[Callable[[], None]] = ContextVar("fence")

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Grant:
    """What a login gave: where to call, and the bearer token."""

    base_url: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class Content:
    """What a request carries, encoded."""

    data: bytes = field(repr=False)
    kind: str = "application/json"


class _Bearer(AuthBase):
    """Sets the token, and keeps credentials of a netrc file from replacing it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Sessions(Protocol):
    """Where processes that belong together share one login."""

    def recall(self) -> Grant | None:
        """What one of them kept last."""

    def keep(self, grant: Grant) -> None:
        """Takes the place of what was kept before."""


class Alone:
    """A process that shares its login with nobody."""

    def recall(self) -> Grant | None:
        return None

    def keep(self, grant: Grant) -> None:
        """Nobody asks for it."""


class Channel:
    """Authenticated calls to one system. Logs in at the first call, and again once when a session has ended; not where
    `sessions` know one that was not refused.

    `connection` and `system` name both ends in messages, `offers` says what helps where a resource of the API itself
    is not there. `authenticate` answers a Grant; it may raise what
    `requests` raises, AuthenticationFailed, or Transient. `observe` gets every answer before anybody judges it,
    `meter` counts every request and login. Any number of threads may call; of requests that write at most
    `concurrent_calls` are under way, the others wait.
    """

    def __init__(
        self,
        connection: str,
        system: str,
        authenticate: Callable[[requests.Session, tuple[float, float]], Grant],
        *,
        offers: str,
        timeouts: tuple[float, float] = TIMEOUTS,
        observe: Callable[[HttpAnswer], None] | None = None,
        sessions: Sessions | None = None,
        meter: CallMeter | None = None,
        concurrent_calls: int = 1,
    ) -> None:
        self.connection, self.concurrent_calls = connection, concurrent_calls
        self._failures = Failures(connection, system, offers)
        self._sessions = sessions or Alone()
        self._observe = observe
        self._meter = meter or CallMeter()
        self._authenticate = authenticate
        self._timeouts = timeouts
        self._session = Straight(concurrent_calls)
        self._writing = threading.BoundedSemaphore(concurrent_calls)
        self._grant: Grant | None = None
        self._login_lock = threading.Lock()
        self._logins = 0  # since a session was last accepted

    def grant(self) -> Grant:
        """The present grant, from a login if there was none yet."""
        return self._retried(lambda: self._login(None), writing=False)

    def read(
        self,
        path: str,
        params: Mapping[str, Any] | Sequence[tuple[str, Any]] | None = None,
        *,
        question: Any = None,
        accept: Container[int] = (),
    ) -> HttpAnswer:
        """GET, repeated for some seconds while the system fails, longer only where it says for how long.

        A `question` that no URL can hold is asked by POST. Refusals with a status in `accept` are answers. Raises
        CallRefused, of which Refusal is one, SideUnreachable, AuthenticationFailed or ApiLimitReached.
        """
        content = None if question is None else Content(orjson.dumps(question))

        def once() -> HttpAnswer:
            answer = self._exchange("GET" if content is None else "POST", path, params, content, writes=False)
            return self._failures.accepted(answer, self._logins, accept)

        return self._retried(once, writing=False)

    def write(
        self,
        method: str,
        path: str,
        body: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        accept: Container[int] = (),
    ) -> HttpAnswer:
        """One write, of a body that JSON can hold or of Content. Only what was certainly not done is tried again.

        `accept`: statuses by which the system refuses the rows rather than the call (G4). Raises Transient with
        `perhaps_done` when the write may have happened and its answer is lost; one of NOTHING_DONE when it certainly
        has not.
        """
        content = body if isinstance(body, Content | None) else Content(orjson.dumps(body))

        def once() -> HttpAnswer:
            answer = self._exchange(method, path, params, content, headers, writes=True)
            if (
                answer.status == HTTPStatus.SEE_OTHER
            ):  # the one redirect that may follow upon work that was done
                raise Transient(answer.seen, perhaps_done=True, over=True, answered=True)
            return self._failures.accepted(answer, self._logins, accept)

        return self._retried(once, writing=True)

    @contextmanager
    def fenced(self, fence: Callable[[], None]) -> Iterator[None]:
        """Within it `fence` is called right before each request that writes leaves; what it raises stops it. It holds
        for this thread, and for those of `each`."""
        before = _FENCE.set(fence)
        try:
            yield
        finally:
            _FENCE.reset(before)

    def each(self, call: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """What `call` answers for each item, in their order; `concurrent_calls` are under way at once.

        After one has raised, no further one begins; it is raised when those under way have ended.
        """
        if self.concurrent_calls == 1 or len(items) == 1:
            return [call(item) for item in items]
        pool = ThreadPoolExecutor(self.concurrent_calls, thread_name_prefix="write")
        try:
            begun = [pool.submit(copy_context().run, call, item) for item in items]
            for ended in wait(begun, return_when=FIRST_EXCEPTION).done:
                ended.result()
            return [one.result() for one in begun]
        finally:
            pool.shutdown(cancel_futures=True)

    # one exchange

    def _exchange(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | Sequence[tuple[str, Any]] | None,
        content: Content | None,
        headers: Mapping[str, str] | None = None,
        *,
        writes: bool,
    ) -> HttpAnswer:
        grant = self._login(None)
        answer = self._send(grant, method, path, params, content, headers, writes=writes)
        if verdict(answer.status, answer.errors) is Verdict.LOGIN:
            answer = self._send(self._login(grant), method, path, params, content, headers, writes=writes)
        if verdict(answer.status, answer.errors) not in (Verdict.LOGIN, Verdict.AUTHENTICATION):
            self._logins = 0
        return answer

    def _send(
        self,
        grant: Grant,
        method: str,
        path: str,
        params: Mapping[str, Any] | Sequence[tuple[str, Any]] | None,
        content: Content | None,
        headers: Mapping[str, str] | None,
        *,
        writes: bool,
    ) -> HttpAnswer:
        address = self._own(grant, path)
        sent_as = ({} if content is None else {"Content-Type": content.kind}) | dict(headers or {})
        with self._writing if writes else nullcontext():
            if writes and (fence := _FENCE.get(None)):
                fence()
            self._meter.request(method, path)
            try:
                response = self._session.request(
                    method,
                    address,
                    params=params,
                    data=content.data if content else None,
                    headers=sent_as,
                    auth=_Bearer(grant.token),
                    timeout=self._timeouts,
                    allow_redirects=False,
                    stream=True,
                )
                content_told = bounded(response)
            except requests.RequestException as error:
                raise self._failures.network(error) from error
        if content_told is None:
            raise self._failures.too_large(perhaps_done=writes)
        call = f"{method} {path.partition('?')[0]}"
        answer = HttpAnswer(self.connection, response.status_code, response.headers, content_told, call)
        if self._observe:
            self._observe(answer)
        return answer

    def _own(self, grant: Grant, path: str) -> str:
        try:
            return own_address(grant.base_url, path)
        except ValueError:
            raise ContractBroken(
                self._failures.sentence(
                    f"names an address that is not its own ({ascii(path)[:60]})",
                    "nothing was sent there, as the session stays with its host; look what stands in between, and "
                    "report it to the system's owner",
                )
            ) from None

    def _login(self, refused: Grant | None) -> Grant:
        """The grant to use after `refused` was not accepted; whoever comes first logs in for all, or finds that
        another process has done so."""
        with self._login_lock:
            if self._grant is None or self._grant is refused:
                kept = self._sessions.recall()
                self._grant = self._new_grant() if kept is None or kept == refused else kept
            return self._grant

    def _new_grant(self) -> Grant:
        self._logins += 1
        self._meter.login()
        try:
            grant = self._authenticate(self._session, self._timeouts)
        except AuthenticationFailed as refusal:
            refusal.logins = self._logins
            raise
        except requests.RequestException as error:
            raise self._failures.network(error, at_login=True) from error
        if not (grant.token.isascii() and grant.token.isprintable()):
            raise ContractBroken(
                self._failures.sentence(
                    "answered the login with a token that no request can carry", "run again"
                )
            )
        self._sessions.keep(grant)
        return grant

    def _retried(self, call: Callable[[], Result], *, writing: bool) -> Result:
        retrying = Retrying(
            retry=retry_if_exception_type(_Again),
            stop=stop_after_attempt(_TRIES) | stop_before_delay(_PATIENCE),
            wait=_wait,
            reraise=True,
        )

        def once() -> Result:
            try:
                return call()
            except Transient as trouble:
                if writing and trouble.perhaps_done:
                    raise
                raise _Again(trouble) from trouble

        try:
            return retrying(once)
        except _Again as again:
            trouble = again.trouble
            raise self._failures.given_up(trouble) from trouble


class _Again(Exception):
    """A Transient that is worth another try."""

    def __init__(self, trouble: Transient) -> None:
        super().__init__(trouble.seen)
        self.trouble = trouble


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    told = error.trouble.wait if isinstance(error, _Again) else None
    return _BACKOFF(state) if told is None else told
