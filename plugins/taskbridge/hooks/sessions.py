"""One login for a run: its tasks hand the session on, encrypted with Airflow's Fernet key.

Neither XCom nor a log nor a file ever holds it. Without a Fernet key nothing is kept, and each task logs in.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from airflow.sdk.crypto import FernetProtocol, get_fernet
from airflow.sdk.exceptions import AirflowException
from airflow.sdk.log import mask_secret
from cryptography.fernet import InvalidToken

from taskbridge.core.terms import Side
from taskbridge.hooks.connections import SALES_CONNECT, SALESFORCE, connection_named
from taskbridge.sides.http import Grant

if TYPE_CHECKING:
    from taskbridge.store.ledger import Ledger

_log = logging.getLogger(__name__)
_CONNECTIONS = {Side.SALES_CONNECT: SALES_CONNECT, Side.SALESFORCE: SALESFORCE}


def sessions_of(ledger: Ledger, run_key: str) -> Callable[[Side], RunSession]:
    """What the tasks of one run share."""
    return partial(RunSession, ledger, run_key)


@dataclass(frozen=True)
class RunSession:
    """`sides.http.Sessions` of one run and side, in the project's database."""

    ledger: Ledger = field(repr=False)
    run_key: str
    side: Side

    def recall(self) -> Grant | None:
        """None when nothing is kept, or what is kept was sealed with another key or for another connection."""
        sealed, fernet = self.ledger.sides.session(self.run_key, self.side), _fernet()
        if sealed is None or fernet is None:
            return None
        try:
            opened = json.loads(fernet.decrypt(sealed.encode()))
        except InvalidToken:
            return None
        if opened["connection"] != self._fingerprint():
            return None
        mask_secret(opened["token"])
        return Grant(opened["base_url"], opened["token"])

    def keep(self, grant: Grant) -> None:
        mask_secret(grant.token)
        fernet = _fernet()
        if fernet is None:
            _log.info(
                "Airflow has no Fernet key, so the login to %s is not kept: each task logs in anew",
                self.side.system,
            )
            return
        opened = {"connection": self._fingerprint(), "base_url": grant.base_url, "token": grant.token}
        self.ledger.sides.keep_session(
            self.run_key, self.side, fernet.encrypt(json.dumps(opened).encode()).decode()
        )

    def _fingerprint(self) -> str:
        """Of the connection's whole content: a session of other credentials or another org is none of ours."""
        connection = connection_named(_CONNECTIONS[self.side])
        parts = [connection.host, connection.port, connection.login, connection.password, connection.extra]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _fernet() -> FernetProtocol | None:
    """None without a key, or with one that is none."""
    try:
        fernet = get_fernet()
    except AirflowException:
        return None
    return fernet if fernet.is_encrypted else None
