"""Calls that failed: what may be tried again, what may have been done all the same, and how each is told to people."""

from __future__ import annotations

import ssl
from collections.abc import Container
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from taskbridge.errors import (
    ApiDisabled,
    ApiLimitReached,
    AuthenticationFailed,
    CallRefused,
    ContractBroken,
    SideUnreachable,
    TaskBridgeError,
)
from taskbridge.sides import http_answer
from taskbridge.sides.answers import Verdict, verdict
from taskbridge.sides.http_answer import HttpAnswer
from taskbridge.sides.meanings import API_OFF, UNSUPPORTED
from taskbridge.sides.strangers import refused_tunnel, strange_answer

_GATEWAY: Final = frozenset({408, 502, 504})  # the server behind it may still be at work
_ABSENT: Final = frozenset({404, 410})


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

    def __init__(self, text: str, answer: HttpAnswer) -> None:
        super().__init__(text)
        self.answer = answer

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(error.code for error in self.answer.errors)

    @property
    def said(self) -> str:
        return self.answer.seen


@dataclass(frozen=True)
class Failures:
    """The errors of one connection. `connection` and `system` name both ends, `offers` says what helps where a resource
    of the API itself is not there."""

    connection: str
    system: str
    offers: str

    def accepted(self, answer: HttpAnswer, logins: int, accept: Container[int] = ()) -> HttpAnswer:
        """The answer if it is a good one, or a refusal with a status in `accept`; else raises what it stands for.
        `logins`: how many there were since a session was last accepted."""
        seen, remedy = answer.seen, answer.remedy
        match verdict(answer.status, answer.errors):
            case Verdict.FINE:
                return answer
            case Verdict.LOGIN | Verdict.AUTHENTICATION:
                raise AuthenticationFailed(
                    self.sentence(f"refuses the session ({seen})", remedy),
                    logins=max(1, logins),
                )
            case Verdict.LIMIT:
                raise ApiLimitReached(self.sentence(f"takes no more calls ({seen})", remedy))
            case Verdict.THROTTLED:
                limit = answer.status == HTTPStatus.TOO_MANY_REQUESTS
                raise Transient(seen, perhaps_done=False, wait=answer.retry_after, limit=limit, answered=True)
            case Verdict.UNCLEAR:
                raise Transient(seen, perhaps_done=True, over=answer.status not in _GATEWAY, answered=True)
            case Verdict.REFUSED if answer.status in accept:
                return answer
            case Verdict.REFUSED:
                remedy = self.offers if answer.status in _ABSENT else remedy
                raise Refusal(self.sentence(f"refused a call ({seen})", remedy), answer)
        raise self._call_refused(answer)

    def _call_refused(self, answer: HttpAnswer) -> CallRefused:
        codes = {error.code for error in answer.errors}
        if codes & API_OFF:
            return ApiDisabled(self.sentence(f"lets nobody use its API ({answer.seen})", answer.remedy))
        if answer.errors:
            remedy = self.offers if UNSUPPORTED in codes else answer.remedy
            return Refusal(self.sentence(f"refused a call ({answer.seen})", remedy), answer)
        return CallRefused(self.sentence(*strange_answer(answer.status, answer.headers.get("Location"))))

    def too_large(self, *, perhaps_done: bool) -> Exception:
        seen = f"answers with more than {http_answer.LARGEST_ANSWER >> 20} MB, which are not read on"
        if perhaps_done:
            return Transient(seen, perhaps_done=True, over=True, answered=True)
        return AnswerTooLarge(
            self.sentence(seen, "look what stands in between, and whether the address is right")
        )

    def network(self, error: requests.RequestException, *, at_login: bool = False) -> Exception:
        host = _host(error)
        if isinstance(error, requests.exceptions.SSLError):
            return SideUnreachable(
                self.sentence(
                    f"shows a certificate that is not accepted ({_certificate_trouble(error)})",
                    "renew the certificate, or name the authority's file in REQUESTS_CA_BUNDLE",
                )
            )
        if isinstance(error, requests.exceptions.ConnectTimeout):
            return self._unreachable(f"{host}: no connection within the time allowed")
        if isinstance(error, requests.exceptions.ProxyError):
            refused = refused_tunnel(error)
            if refused:
                return CallRefused(self.sentence(*refused))
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

    def given_up(self, trouble: Transient) -> TaskBridgeError:
        if trouble.limit:
            return ApiLimitReached(
                self.sentence(
                    f"takes no more calls now ({trouble.seen})", "the work is carried over to a later run"
                )
            )
        if trouble.answered:
            return SideUnreachable(
                self.sentence(
                    f"does not work properly now ({trouble.seen})",
                    "see its status page if this lasts; the next run tries again by itself",
                )
            )
        return self._unreachable(trouble.seen)

    def _unreachable(self, seen: str) -> SideUnreachable:
        return SideUnreachable(
            self.sentence(
                f"cannot be reached ({seen})", "check host and port of the connection and the network"
            )
        )

    def sentence(self, what: str, remedy: str) -> str:
        return f"{self.connection}: {self.system} {what}; {remedy}"


def _host(error: requests.RequestException) -> str:
    """Where the request went, a proxy aside; without login and port."""
    url = error.request.url if error.request is not None else None
    return urlsplit(url or "").hostname or "its host"


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
