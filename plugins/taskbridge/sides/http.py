"""One HTTP connection to a system: login, retries, and the difference between "not done" and "perhaps done".

Nothing here knows a vendor. Secrets live in `Grant.token` and in the authenticate function; neither is ever
part of a message or a repr.
"""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

import orjson
import requests
from requests.auth import AuthBase
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay
from tenacity.wait import wait_random_exponential
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from taskbridge.core.bounds import YEARS
from taskbridge.errors import (
    ApiDisabled,
    ApiLimitReached,
    AuthenticationFailed,
    CallRefused,
    ContractBroken,
    SideUnreachable,
    TaskBridgeError,
)
from taskbridge.sides.answers import RemoteError, Verdict, errors_in_words, remote_errors, verdict
from taskbridge.sides.hosts import Straight, own_address
from taskbridge.sides.meter import CallMeter
from taskbridge.sides.outcomes import API_OFF, UNSUPPORTED, meaning
from taskbridge.sides.shapes import Kind, shaped
from taskbridge.sides.storable import cleaned
from taskbridge.sides.strangers import refused_tunnel, strange_answer

TIMEOUTS: Final = (5.0, 60.0)
"""Seconds to connect, and between two bytes of an answer."""

LARGEST_ANSWER: Final = 256 << 20
"""Bytes: a page of 2,000 records with all that their longest text can hold. More would fill the worker's memory."""

_GATEWAY: Final = frozenset({408, 502, 504})  # the server behind it may still be at work
_ABSENT: Final = frozenset({404, 410})
_TRIES: Final = 4
_PATIENCE: Final = 75.0  # seconds in all; a rate limit asks for a minute at most
_BACKOFF: Final = wait_random_exponential(multiplier=0.2, max=3)

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


@dataclass(frozen=True)
class Answer:
    """An answer of the system behind a connection."""

    connection: str
    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    call: str = ""

    @property
    def date(self) -> datetime | None:
        """The server's clock, to the second; None when the answer does not tell. Without a zone it means UTC, as any
        time in HTTP does."""
        try:
            told = parsedate_to_datetime(self.headers["Date"])
            told = told.replace(tzinfo=told.tzinfo or UTC).astimezone(UTC)
        except (KeyError, ValueError, OverflowError):
            return None
        return told if told.year in YEARS else None

    @property
    def server_time(self) -> datetime:
        """The server's clock. Raises ContractBroken when the answer does not tell."""
        if self.date is None:
            raise ContractBroken(f"{self.asked}: the answer has no readable Date header")
        return self.date

    @property
    def errors(self) -> tuple[RemoteError, ...]:
        try:
            return remote_errors(loads(self.content))
        except ValueError:
            return errors_in_words(self.content)

    def body(self) -> Any:
        """The decoded body. Raises ContractBroken when it is no JSON."""
        try:
            return loads(self.content)
        except ValueError as error:
            start = self.content[:60].decode("utf-8", "replace")
            why = ", nested too deeply," if "nested" in str(error) else ""
            raise ContractBroken(
                f"{self.asked}: expected JSON with HTTP {self.status}, got {start!r}{why}; check the address"
            ) from error

    def of(self, shape: type[Kind]) -> Kind:
        """The body in this shape. Raises ContractBroken, which says what was seen instead."""
        return shaped(shape, self.body(), self.asked)

    @property
    def asked(self) -> str:
        """The connection and the call, as sentences begin."""
        return f"{self.connection}: {self.call}" if self.call else self.connection


def loads(content: bytes) -> Any:
    """Decoded JSON, every text of it storable. Bytes that are no UTF-8, halves of surrogate pairs and bare control
    characters spoil their own text only: hence the second, lenient decoder. Raises ValueError."""
    try:
        return _decoded(content)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _decoded(content: bytes) -> Any:
    try:
        decoded = orjson.loads(content)
    except orjson.JSONDecodeError:
        decoded = json.loads(content.decode("utf-8-sig", "surrogateescape"), strict=False)
    else:
        if b"\\u0000" not in content:
            return decoded
    return cleaned(decoded)


class Transient(Exception):
    """A call that may be tried again. `perhaps_done`: a write may have happened all the same; `over`: the server
    has ended the request, so that it cannot happen later; `answered`: the system was reached, and is at fault."""

    def __init__(
        self,
        seen: str,
        *,
        perhaps_done: bool,
        wait: float | None = None,
        limit: bool = False,
        over: bool = False,
        answered: bool = False,
    ) -> None:
        super().__init__(seen)
        self.seen, self.perhaps_done, self.wait, self.limit, self.over = seen, perhaps_done, wait, limit, over
        self.answered = answered

    @property
    def code(self) -> str:
        """What a write that met it is recorded with."""
        return "SERVER_FAILED" if self.over else "ANSWER_LOST"


class AnswerTooLarge(ContractBroken):
    """An answer that no memory should be asked to hold."""


class Refusal(CallRefused):
    """A call that the system refused in its own words, with the errors that it gave."""

    def __init__(self, text: str, answer: Answer) -> None:
        super().__init__(text)
        self.answer = answer

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(error.code for error in self.answer.errors)

    @property
    def said(self) -> str:
        return _seen(self.answer)


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
    `meter` counts every request and login.
    """

    def __init__(
        self,
        connection: str,
        system: str,
        authenticate: Callable[[requests.Session, tuple[float, float]], Grant],
        *,
        offers: str,
        timeouts: tuple[float, float] = TIMEOUTS,
        observe: Callable[[Answer], None] | None = None,
        sessions: Sessions | None = None,
        meter: CallMeter | None = None,
    ) -> None:
        self.connection, self.system, self._offers = connection, system, offers
        self._sessions = sessions or Alone()
        self._observe = observe
        self._meter = meter or CallMeter()
        self._authenticate = authenticate
        self._timeouts = timeouts
        self._session = Straight()
        self._grant: Grant | None = None
        self._login_lock = threading.Lock()
        self._fence: Callable[[], None] | None = None
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
    ) -> Answer:
        """GET, repeated for some seconds while the system fails, longer only where it says for how long.

        A `question` that no URL can hold is asked by POST. Refusals with a status in `accept` are answers. Raises
        CallRefused, of which Refusal is one, SideUnreachable, AuthenticationFailed or ApiLimitReached.
        """
        content = None if question is None else Content(orjson.dumps(question))

        def once() -> Answer:
            answer = self._exchange("GET" if content is None else "POST", path, params, content, writes=False)
            return self._accepted(answer, accept)

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
    ) -> Answer:
        """One write, of a body that JSON can hold or of Content. Only what was certainly not done is tried again.

        `accept`: statuses by which the system refuses the rows rather than the call (G4). Raises Transient with
        `perhaps_done` when the write may have happened and its answer is lost; one of NOTHING_DONE when it certainly
        has not.
        """
        content = body if isinstance(body, Content | None) else Content(orjson.dumps(body))

        def once() -> Answer:
            answer = self._exchange(method, path, params, content, headers, writes=True)
            if (
                answer.status == HTTPStatus.SEE_OTHER
            ):  # the one redirect that may follow upon work that was done
                raise Transient(_seen(answer), perhaps_done=True, over=True, answered=True)
            return self._accepted(answer, accept)

        return self._retried(once, writing=True)

    @contextmanager
    def fenced(self, fence: Callable[[], None]) -> Iterator[None]:
        """Within it `fence` is called right before each request that writes leaves; what it raises stops it."""
        self._fence = fence
        try:
            yield
        finally:
            self._fence = None

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
    ) -> Answer:
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
    ) -> Answer:
        address = self._own(grant, path)
        if self._fence is not None and writes:
            self._fence()
        self._meter.request(method, path)
        try:
            response = self._session.request(
                method,
                address,
                params=params,
                data=content.data if content else None,
                headers=({} if content is None else {"Content-Type": content.kind}) | dict(headers or {}),
                auth=_Bearer(grant.token),
                timeout=self._timeouts,
                allow_redirects=False,
                stream=True,
            )
            content_told = bounded(response)
        except requests.RequestException as error:
            raise self._network(error) from error
        if content_told is None:
            raise self._too_large(perhaps_done=writes)
        call = f"{method} {path.partition('?')[0]}"
        answer = Answer(self.connection, response.status_code, response.headers, content_told, call)
        if self._observe:
            self._observe(answer)
        return answer

    def _own(self, grant: Grant, path: str) -> str:
        try:
            return own_address(grant.base_url, path)
        except ValueError:
            raise ContractBroken(
                self._sentence(
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
            raise self._network(error, at_login=True) from error
        if not (grant.token.isascii() and grant.token.isprintable()):
            raise ContractBroken(
                f"{self.connection}: {self.system} answered the login with a token that no request can carry; run again"
            )
        self._sessions.keep(grant)
        return grant

    def _accepted(self, answer: Answer, accept: Container[int] = ()) -> Answer:
        """The answer if it is a good one, or a refusal with a status in `accept`; else raises what it stands for."""
        errors, seen = answer.errors, _seen(answer)
        match verdict(answer.status, errors):
            case Verdict.FINE:
                return answer
            case Verdict.LOGIN | Verdict.AUTHENTICATION:
                raise AuthenticationFailed(
                    self._sentence(f"refuses the session ({seen})", _remedy(errors)),
                    logins=max(1, self._logins),
                )
            case Verdict.LIMIT:
                raise ApiLimitReached(self._sentence(f"takes no more calls ({seen})", _remedy(errors)))
            case Verdict.THROTTLED:
                limit = answer.status == HTTPStatus.TOO_MANY_REQUESTS
                raise Transient(
                    seen, perhaps_done=False, wait=_retry_after(answer), limit=limit, answered=True
                )
            case Verdict.UNCLEAR:
                raise Transient(seen, perhaps_done=True, over=answer.status not in _GATEWAY, answered=True)
            case Verdict.REFUSED if answer.status in accept:
                return answer
            case Verdict.REFUSED:
                remedy = self._offers if answer.status in _ABSENT else _remedy(errors)
                raise Refusal(self._sentence(f"refused a call ({seen})", remedy), answer)
        raise self._call_refused(answer, errors, seen)

    def _call_refused(self, answer: Answer, errors: Sequence[RemoteError], seen: str) -> CallRefused:
        codes = {error.code for error in errors}
        if codes & API_OFF:
            return ApiDisabled(self._sentence(f"lets nobody use its API ({seen})", _remedy(errors)))
        if errors:
            remedy = self._offers if UNSUPPORTED in codes else _remedy(errors)
            return Refusal(self._sentence(f"refused a call ({seen})", remedy), answer)
        return CallRefused(self._sentence(*strange_answer(answer.status, answer.headers.get("Location"))))

    def _too_large(self, *, perhaps_done: bool) -> Exception:
        seen = f"answers with more than {LARGEST_ANSWER >> 20} MB, which are not read on"
        if perhaps_done:
            return Transient(seen, perhaps_done=True, over=True, answered=True)
        return AnswerTooLarge(
            self._sentence(seen, "look what stands in between, and whether the address is right")
        )

    # failures of the network

    def _network(self, error: requests.RequestException, *, at_login: bool = False) -> Exception:
        host = _host(error)
        if isinstance(error, requests.exceptions.SSLError):
            return SideUnreachable(
                self._sentence(
                    f"shows a certificate that is not accepted ({_certificate_trouble(error)})",
                    "renew the certificate, or name the authority's file in REQUESTS_CA_BUNDLE",
                )
            )
        if isinstance(error, requests.exceptions.ConnectTimeout):
            return self._unreachable(f"{host}: no connection within the time allowed")
        if isinstance(error, requests.exceptions.ProxyError):
            refused = refused_tunnel(error)
            if refused:
                return CallRefused(self._sentence(*refused))
            return Transient(f"{host}: the proxy makes no connection", perhaps_done=False)
        reason = _root(error)
        if isinstance(reason, NameResolutionError):
            return Transient(f"the name of {host} cannot be resolved", perhaps_done=False)
        if isinstance(reason, NewConnectionError | ConnectTimeoutError):
            return Transient(f"{host}: the connection was refused", perhaps_done=False)
        if isinstance(
            error, requests.ConnectionError | requests.Timeout | requests.exceptions.ChunkedEncodingError
        ):
            lost = "no answer in time" if isinstance(error, requests.Timeout) else "the connection was cut"
            return Transient(f"{host}: {lost}", perhaps_done=not at_login)
        if isinstance(error, requests.exceptions.InvalidSchema):
            return self._unreachable("its address does not begin with https://")
        return self._unreachable(f"the address cannot be used: {type(error).__name__}")

    def _unreachable(self, seen: str) -> SideUnreachable:
        return SideUnreachable(
            self._sentence(
                f"cannot be reached ({seen})", "check host and port of the connection and the network"
            )
        )

    def _sentence(self, what: str, remedy: str) -> str:
        return f"{self.connection}: {self.system} {what}; {remedy}"

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
            raise self._given_up(trouble) from trouble

    def _given_up(self, trouble: Transient) -> TaskBridgeError:
        if trouble.limit:
            return ApiLimitReached(
                self._sentence(
                    f"takes no more calls now ({trouble.seen})", "the work is carried over to a later run"
                )
            )
        if trouble.answered:
            return SideUnreachable(
                self._sentence(
                    f"does not work properly now ({trouble.seen})",
                    "see its status page if this lasts; the next run tries again by itself",
                )
            )
        return self._unreachable(trouble.seen)


class _Again(Exception):
    """A Transient that is worth another try."""

    def __init__(self, trouble: Transient) -> None:
        super().__init__(trouble.seen)
        self.trouble = trouble


def _host(error: requests.RequestException) -> str:
    """Where the request went, a proxy aside; without login and port."""
    url = error.request.url if error.request is not None else None
    return urlsplit(url or "").hostname or "its host"


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    told = error.trouble.wait if isinstance(error, _Again) else None
    return _BACKOFF(state) if told is None else told


def _retry_after(answer: Answer) -> float | None:
    told = answer.headers.get("Retry-After", "")
    return float(told) if told.isascii() and told.isdigit() else None


def bounded(response: requests.Response) -> bytes | None:
    """The body, unpacked, read piece by piece; None when it is too large."""
    parts, size = [], 0
    for part in response.iter_content(1 << 16):
        size += len(part)
        if size > LARGEST_ANSWER:
            response.close()
            return None
        parts.append(part)
    return b"".join(parts)


def _seen(answer: Answer) -> str:
    said = "; ".join(map(str, answer.errors))
    return said or f"HTTP {answer.status} {_phrase(answer.status)}".rstrip()


def _remedy(errors: Sequence[RemoteError]) -> str:
    if not errors:
        return "check the connection and the system's status page"
    return meaning(errors[0].code, errors[0].message).remedy


def _phrase(status: int) -> str:
    return http.client.responses.get(status, "")


def _root(error: BaseException) -> BaseException | None:
    """What urllib3 saw, out of what requests made of it."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return reason if isinstance(reason, BaseException) else None


def _certificate_trouble(error: BaseException) -> str:
    """The verifier's own words, for example "certificate has expired"."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return seen.verify_message
        inner = _root(seen) or (
            seen.args[0] if seen.args and isinstance(seen.args[0], BaseException) else None
        )
        seen = inner or seen.__cause__
    return "TLS handshake failed"
