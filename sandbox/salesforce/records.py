"""The read side of the org: documents by object, and which of them a caller may see."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from sandbox.kernel.clock import Clock
from sandbox.kernel.store import Document, Store
from sandbox.kernel.switches import SwitchBoard

from .catalog import Catalog
from .errors import not_found
from .schema import Field, SObject
from .shape import org_catalog, seen_catalog
from .sharing import Sharing
from .stamps import stamp, system_stamp
from .switches import SalesforceSwitches

Getter = Callable[[Document], Any]
Predicate = Callable[[Document], bool]

# Kept in a document beside its fields.
VISIBLE_AT = "_visible_at"
PURGED_AT = "_purged_at"


class Records:
    def __init__(self, store: Store, clock: Clock, board: SwitchBoard[SalesforceSwitches]) -> None:
        self.store = store
        self.clock = clock
        self._board = board
        self._shaped_for: SalesforceSwitches | None = None
        self._whole: Catalog = {}
        self._seen: Catalog = {}

    @property
    def switches(self) -> SalesforceSwitches:
        return self._board.now

    @property
    def catalog(self) -> Catalog:
        """The objects as the API's user sees them."""
        self._shape()
        return self._seen

    @property
    def whole_catalog(self) -> Catalog:
        """The objects as the org has them: for people, and for all that the platform does."""
        self._shape()
        return self._whole

    def _shape(self) -> None:
        if self._shaped_for is not self.switches:
            self._whole = org_catalog(self.switches)
            self._seen = seen_catalog(self._whole, self.switches)
            self._shaped_for = self.switches

    def now(self) -> datetime:
        return self.clock.now()

    def sobject(self, name: str) -> SObject:
        """The object of this name in any case, as the API's user sees it. Raises ApiError NOT_FOUND."""
        found = self.catalog.get(name.lower())
        if found is None or not found.listed:
            raise not_found()
        return found

    def whole(self, sobject: SObject) -> SObject:
        """The object with all its fields, whoever asks."""
        return self.whole_catalog[sobject.name.lower()]

    def of_id(self, record_id: str) -> SObject | None:
        """The whole object that an id belongs to, by its key prefix."""
        prefix = record_id[:3]
        return next((each for each in self.whole_catalog.values() if each.key_prefix == prefix), None)

    def get(self, sobject: SObject, record_id: str) -> Document | None:
        return self.store.get(sobject.name, record_id)

    def find(self, record_id: str | None) -> Document | None:
        """The document of any object."""
        sobject = self.of_id(record_id) if record_id else None
        return self.get(sobject, record_id) if sobject and record_id else None

    def rows(self, sobject: SObject) -> Iterable[Document]:
        return self.store.rows(sobject.name)

    def getter(self, sobject: SObject, field: Field) -> Getter:
        """How to read a field; what depends on the time is computed here."""
        name = field.name
        if sobject.name == "Task" and name == "IsArchived":
            return self.archived()
        if field.type == "boolean":
            return lambda doc: bool(doc.get(name))
        return lambda doc: doc.get(name)

    def archived(self) -> Predicate:
        """Tasks that are closed and were due (undated ones: created) longer ago than the archive limit."""
        cutoff = (self.now() - timedelta(days=self.switches.archive_after_days)).date().isoformat()

        def is_archived(doc: Document) -> bool:
            if not doc.get("IsClosed"):
                return False
            return bool((doc.get("ActivityDate") or (doc.get("CreatedDate") or "9")[:10]) < cutoff)

        return is_archived

    def in_reach(self) -> Predicate:
        """Not gone for good: kept by the bin, or purged so recently that queryAll still shows it."""
        now = self.now()
        bin_start = system_stamp(now - timedelta(days=self.switches.bin_days))
        purge_start = stamp(now - timedelta(hours=self.switches.purged_hours))

        def reachable(doc: Document) -> bool:
            if not doc.get("IsDeleted"):
                return True
            purged = doc.get(PURGED_AT)
            return doc["SystemModstamp"] >= bin_start and (purged is None or purged >= purge_start)

        return reachable

    def sharing(self) -> Sharing:
        return Sharing(self.switches, self.store)

    def visible(self) -> Predicate:
        """In reach, and shared with the API's user."""
        reachable, shared = self.in_reach(), self.sharing().shows
        return lambda doc: reachable(doc) and shared(doc)

    def in_bin(self, doc: Document) -> bool:
        return bool(doc.get("IsDeleted")) and PURGED_AT not in doc and self.in_reach()(doc)

    def settled(self) -> Predicate:
        """Committed long enough ago for listings and queries."""
        now = stamp(self.now())
        return lambda doc: doc.get(VISIBLE_AT, "") <= now

    def queryable(self, sobject: SObject, *, include_deleted: bool) -> Predicate:
        """What `query` shows; with `include_deleted` what `queryAll` shows."""
        settled, reachable, archived = self.settled(), self.visible(), self.archived()
        shared = self.sharing().shows
        if include_deleted:
            return lambda doc: settled(doc) and reachable(doc)
        if sobject.name == "Task":
            return lambda doc: not doc.get("IsDeleted") and settled(doc) and not archived(doc) and shared(doc)
        return lambda doc: not doc.get("IsDeleted") and settled(doc) and shared(doc)
