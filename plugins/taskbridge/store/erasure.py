"""Removing what is kept of a person who asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from taskbridge.core.terms import Side
from taskbridge.store.database import Database, Transaction

_OF_PAIRS: Final[Mapping[str, str]] = {
    "records that were removed, in full": "erasure/erase_kept",
    "writes, with what they replaced": "erasure/erase_actions",
    "changes of what both sides agreed on": "erasure/erase_changes",
    "conflicts, and what was decided of them": "erasure/erase_conflicts",
    "rows of requests for approval": "erasure/erase_requests",
    "lines of audits": "erasure/erase_drift",
    "texts of pairs that have ended": "erasure/erase_ended",
}

_STAYING: Final[Mapping[str, str]] = {
    "bases": "what both systems agreed on for a task that they still have: without it an edit could not be told from "
    "what was there before. Delete or rename the task in Sales Connect or Salesforce, let a run pass, and erase again",
    "writes": "writes that are under way, wait for a person, or were refused and are tried again",
    "errors": "errors that are open: mend or ignore them, and erase again",
    "conflicts": "conflicts that wait for a decision",
    "users": "name and e-mail address of users: each run reads them anew from Sales Connect; remove the user there",
    "ended": "ids of tasks that are gone, without their texts: so that nothing is doubled should one come back",
}


@dataclass(frozen=True)
class Erased:
    """Rows by what they are, and what has to stay, each with its number."""

    person: str
    name: str | None
    pairs: int
    removed: Mapping[str, int]
    staying: Mapping[str, int]


@dataclass
class Erasure:
    _db: Database

    def erase(self, person: str, *, really: bool) -> Erased:
        """Removes in one transaction what is kept of a user (e-mail address, or id in either system) or of a contact or
        lead (Salesforce id); not `really`: only counts what that would be."""
        with self._db.transaction() as tx:
            savepoint = tx.connection.begin_nested()
            erased = _erase(tx, person)
            if really:
                savepoint.commit()
            else:
                savepoint.rollback()
        return erased


def _erase(tx: Transaction, person: str) -> Erased:
    found = tx.run("erasure/find_person", person=person).one()
    users = {Side.SALES_CONNECT: found.sc_users or [], Side.SALESFORCE: found.sf_users or []}
    who = {"sc_users": users[Side.SALES_CONNECT], "sf_users": users[Side.SALESFORCE], "person": person}
    pairs = list(tx.run("erasure/find_pairs", **who).scalars())
    removed = {"errors that are over": tx.run("erasure/erase_errors", pairs=pairs, **who).rowcount}
    for side in Side:
        rows = tx.run(f"erasure/erase_{side.value}", pairs=pairs, users=users[side], person=person)
        removed[f"sights of tasks in {side.system}"] = rows.rowcount
    # Of whomever they are: decide plans them again.
    removed["parts of plans that were not stored"] = tx.run("part/forget_parts").rowcount
    for what, statement in _OF_PAIRS.items():
        removed[what] = tx.run(statement, pairs=pairs).rowcount
    staying = tx.run("erasure/count_staying", pairs=pairs, sc_users=users[Side.SALES_CONNECT]).one()._asdict()
    return Erased(
        person, found.name, len(pairs), removed, {_STAYING[name]: count for name, count in staying.items()}
    )
