"""Which records are shared with the API's user, by their owners."""

from __future__ import annotations

from sandbox.kernel.store import Document, Store

from .ids import full_id
from .switches import SalesforceSwitches


class Sharing:
    """As of now: make a new one for every call."""

    def __init__(self, switches: SalesforceSwitches, store: Store) -> None:
        self._hidden = _users(store, switches.hidden_owners)
        self._read_only = _users(store, switches.read_only_owners)

    def shows(self, doc: Document) -> bool:
        return not self._hidden or doc.get("OwnerId") not in self._hidden

    def lets_change(self, doc: Document) -> bool:
        return doc.get("OwnerId") not in self._read_only


def _users(store: Store, named: tuple[str, ...]) -> frozenset[str]:
    """Ids of the users who are named by id, e-mail or user name."""
    if not named:
        return frozenset()
    wanted = {name.lower() for name in named}
    ids = {full_id(name) for name in named}
    return frozenset(
        user["Id"]
        for user in store.rows("User")
        if user["Id"] in ids or user["Email"].lower() in wanted or user["Username"].lower() in wanted
    )
