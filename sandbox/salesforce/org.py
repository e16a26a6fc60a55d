"""The write side of the org: create, update, delete, upsert, undelete, purge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sandbox.kernel.faults import FaultBook
from sandbox.kernel.store import Document

from .derived import derive
from .errors import ApiError, SeveralHolders, converted_lead, entity_is_deleted, not_found
from .ids import make_id
from .incoming import changes, key_value, missing
from .records import PURGED_AT, VISIBLE_AT, Predicate, Records
from .rules import check, fire
from .schema import Field, SObject
from .stamps import stamp, system_stamp
from .unique import UniqueIndex

_SEQUENCE = "sequence"
_DELETE_LOG = "delete_log"
_KNOWN_BY = ("Id", "Subject", "Name")
_UNKNOWN = "<unknown>"
_LONG_AGO = "1970-01-01T00:00:00.000+0000"


@dataclass(frozen=True)
class Author:
    """Who writes, and through which endpoint; faults on rows strike the API only, not people."""

    user_id: str
    endpoint: str
    person: bool = False


class Org:
    def __init__(self, records: Records, faults: FaultBook) -> None:
        self.records = records
        self._faults = faults
        self._unique = UniqueIndex(records.store)

    def create(self, sobject: SObject, record: Mapping[str, Any], author: Author) -> str:
        """The id of the new record. Raises ApiError."""
        whole = self.records.whole(sobject)
        if not whole.createable:
            raise _not_supported(whole, "create")
        if not sobject.createable:
            message = f"entity type cannot be inserted: {whole.label}"
            raise ApiError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message, 400, [])
        self._strike(author, _names(whole, record))
        given = changes(self.records, sobject, record, self._shows(author), creating=True)
        draft = self._blank(whole, author) | {
            name: value for name, value in given.items() if value is not None
        }
        if absent := [field for field in whole.fields if field.required and draft[field.name] is None]:
            raise missing(absent)
        self._save(whole, None, draft, author)
        return str(draft["Id"])

    def update(self, sobject: SObject, record_id: str, record: Mapping[str, Any], author: Author) -> None:
        """Raises ApiError: NOT_FOUND, ENTITY_IS_DELETED, and what is wrong with the fields."""
        whole = self.records.whole(sobject)
        if not whole.updateable:
            raise _not_supported(whole, "update")
        old = self.records.get(whole, record_id)
        self._strike(author, _names(whole, record, old) | {record_id})
        old = self._changeable(old, author, allowed=sobject.updateable)
        if old.get("IsConverted"):
            raise converted_lead("update")
        given = changes(self.records, sobject, record, self._shows(author), creating=False)
        if absent := [
            sobject.by_name[name]
            for name, value in given.items()
            if value is None and not sobject.by_name[name].nillable
        ]:
            raise missing(absent)
        draft = {**old, **given, "LastModifiedById": author.user_id}
        self._save(whole, old, draft, author)

    def delete(self, sobject: SObject, record_id: str, author: Author) -> None:
        """Moves the record to the bin. Raises ApiError: NOT_FOUND, ENTITY_IS_DELETED."""
        whole = self.records.whole(sobject)
        if not whole.deletable:
            raise _not_supported(whole, "delete")
        old = self.records.get(whole, record_id)
        self._strike(author, _names(whole, {}, old) | {record_id})
        old = self._changeable(old, author, allowed=sobject.deletable)
        draft = {**old, "IsDeleted": True, "SystemModstamp": system_stamp(self.records.now())}
        self._put(whole, old, draft, author)
        if old.get("IsRecurrence"):
            self._delete_occurrences(sobject, record_id, author)

    def undelete(self, sobject: SObject, record_id: str, author: Author) -> None:
        """Takes the record out of the bin. Raises ApiError UNDELETE_FAILED."""
        old = self.records.get(sobject, record_id)
        if old is None or not self.records.in_bin(old):
            raise ApiError("UNDELETE_FAILED", "Entity is not in the recycle bin", 400, [])
        draft = {**old, "IsDeleted": False, "LastModifiedById": author.user_id}
        if "MasterRecordId" in draft:
            draft["MasterRecordId"] = None
        self._save(sobject, old, draft, author)

    def upsert(
        self,
        sobject: SObject,
        key: Field,
        value: Any,
        record: Mapping[str, Any],
        author: Author,
        *,
        update_only: bool = False,
    ) -> tuple[str, bool]:
        """Id, and whether it was created. Raises ApiError; NOT_FOUND if `update_only` finds nothing."""
        value = key_value(self.records, key, value)
        if value is None:
            raise ApiError("MISSING_ARGUMENT", f"{key.name} not specified")
        shows = self._shows(author)
        holders = [doc for doc in self.holders(sobject, key, value) if not doc["IsDeleted"] and shows(doc)]
        if len(holders) > 1:
            raise SeveralHolders(key, holders)
        if holders:
            self.update(sobject, holders[0]["Id"], record, author)
            return holders[0]["Id"], False
        if update_only:
            raise not_found()
        return self.create(sobject, {**record, key.name: value}, author), True

    def holders(self, sobject: SObject, key: Field, value: Any) -> list[Document]:
        """Records with this value of an external id, those in the bin included."""
        return self._unique.holders(sobject, key, value)

    def purge(self) -> int:
        """Empties the bin; the number of records. From now on deletes before this moment are not listed."""
        purged = 0
        for sobject in self.records.whole_catalog.values():
            binned = [doc for doc in self.records.rows(sobject) if self.records.in_bin(doc)]
            purged += len(binned)
            for doc in binned:
                self._unique.put(sobject, doc, {**doc, PURGED_AT: stamp(self.records.now())})
            if binned:
                self.records.store.put(_DELETE_LOG, sobject.name, {"begins": stamp(self.records.now())})
        return purged

    def remove_for_good(self, record_id: str) -> None:
        """Takes a deleted record out of the bin; neither queryAll nor `deleted` shows it again."""
        sobject = self.records.of_id(record_id)
        assert sobject is not None, "a deleted record belongs to an object"
        doc = self.records.get(sobject, record_id)
        assert doc is not None, "a deleted record is kept"
        self._unique.put(sobject, doc, {**doc, PURGED_AT: _LONG_AGO})
        self.records.store.put(_DELETE_LOG, sobject.name, {"begins": stamp(self.records.now())})

    def delete_log_begins(self, sobject: SObject) -> str | None:
        """When records of this object were last removed for good by a purge."""
        log = self.records.store.get(_DELETE_LOG, sobject.name)
        return log["begins"] if log else None

    def rewrite(self, sobject: SObject, old: Document, values: Mapping[str, Any], author: Author) -> None:
        """What the platform changes by itself: no rule is asked, and only SystemModstamp moves."""
        draft = {**old, **values, "SystemModstamp": system_stamp(self.records.now())}
        self._put(sobject, old, draft, author)

    def user(self, record_id: str) -> Document:
        found = self.records.store.get("User", record_id)
        assert found is not None, "sessions and people are checked against the users"
        return found

    def _delete_occurrences(self, sobject: SObject, master_id: str, author: Author) -> None:
        """Through the API open and closed ones go."""
        for doc in list(self.records.rows(sobject)):
            if doc.get("RecurrenceActivityId") == master_id and not doc.get("IsDeleted"):
                self.delete(sobject, doc["Id"], author)

    def _changeable(self, doc: Document | None, author: Author, *, allowed: bool) -> Document:
        """Live, and the author may change it; `allowed`: the permission on the object."""
        if doc is None or not self.records.in_reach()(doc) or not self._shows(author)(doc):
            raise not_found()
        if doc.get("IsDeleted"):
            raise entity_is_deleted()
        if not allowed or not (author.person or self.records.sharing().lets_change(doc)):
            message = "insufficient access rights on object id"
            raise ApiError("INSUFFICIENT_ACCESS_OR_READONLY", message, 403, [])
        return doc

    def _shows(self, author: Author) -> Predicate:
        """Sharing; it binds the API, not the people here."""
        return _everything if author.person else self.records.sharing().shows

    def _blank(self, sobject: SObject, author: Author) -> dict[str, Any]:
        now = system_stamp(self.records.now())
        draft = {field.name: field.default for field in sobject.fields}
        system = {
            "CreatedDate": now,
            "CreatedById": author.user_id,
            "LastModifiedById": author.user_id,
            "OwnerId": author.user_id,
        }
        draft |= {name: value for name, value in system.items() if name in sobject.by_name}
        draft["Id"] = self._next_id(sobject)
        return draft

    def _next_id(self, sobject: SObject) -> str:
        store = self.records.store
        prefix = sobject.key_prefix or ""
        number = (store.get(_SEQUENCE, prefix) or {"last": 0})["last"] + 1
        while store.get(sobject.name, make_id(prefix, number)) is not None:
            number += 1
        store.put(_SEQUENCE, prefix, {"last": number})
        return make_id(prefix, number)

    def _save(self, sobject: SObject, old: Document | None, draft: dict[str, Any], author: Author) -> None:
        now = system_stamp(self.records.now())
        draft["LastModifiedDate"] = draft["SystemModstamp"] = now
        switches = self.records.switches
        fire(switches.triggers, sobject.name, draft, creating=old is None)
        check(switches.validation_rules, sobject.name, draft)
        self._check_owner(sobject, old, draft)
        self._check_unique(sobject, draft, self._shows(author))
        derive(self.records, sobject, old, draft, now)
        self._put(sobject, old, draft, author)

    def _put(self, sobject: SObject, old: Document | None, draft: dict[str, Any], author: Author) -> None:
        draft.pop(VISIBLE_AT, None)
        lag = self._faults.lag_for(author.endpoint, _names(sobject, draft, old) | {draft["Id"]})
        if lag > 0:
            draft[VISIBLE_AT] = stamp(self.records.now() + timedelta(seconds=lag))
        self._unique.put(sobject, old, draft)

    def _check_owner(self, sobject: SObject, old: Document | None, draft: Mapping[str, Any]) -> None:
        owner = draft.get("OwnerId")
        if owner is None or (old is not None and old.get("OwnerId") == owner):
            return
        user = self.records.find(owner)
        if user is not None and not user.get("IsActive", True):
            what = sobject.name.lower()
            message = f"operation performed with inactive user [{owner[:15]}] as owner of {what}"
            raise ApiError("INACTIVE_OWNER_OR_USER", message, 400, ["OwnerId"])

    def _check_unique(self, sobject: SObject, draft: Mapping[str, Any], shows: Predicate) -> None:
        """A record that the author may not see is named to nobody."""
        for field in sobject.unique_fields:
            if draft[field.name] is None:
                continue
            for doc in self._unique.holders(sobject, field, draft[field.name]):
                if doc["Id"] != draft["Id"] and self._collides(doc):
                    name, holder = (field.name, doc["Id"][:15]) if shows(doc) else (_UNKNOWN, _UNKNOWN)
                    message = f"duplicate value found: {name} duplicates value on record with id: {holder}"
                    raise ApiError("DUPLICATE_VALUE", message, 400, [])

    def _collides(self, doc: Document) -> bool:
        if not doc.get("IsDeleted"):
            return True
        return self.records.switches.binned_external_id_collides and self.records.in_bin(doc)

    def _strike(self, author: Author, names: set[str]) -> None:
        fault = None if author.person else self._faults.for_row(author.endpoint, names)
        if fault is not None:
            code = fault.code or "UNKNOWN_EXCEPTION"
            raise ApiError(code, fault.message or _fault_text(code, names), fault.status or 400, [])


def _everything(_: Document) -> bool:
    return True


def _names(sobject: SObject, *docs: Mapping[str, Any] | None) -> set[str]:
    """Everything a record is known by, for faults that strike chosen records."""
    fields = [field.name for field in sobject.fields if field.external_id or field.name in _KNOWN_BY]
    found = (doc.get(name) for doc in docs if doc for name in fields)
    return {value for value in found if isinstance(value, str)}


def _fault_text(code: str, names: set[str]) -> str:
    if code != "UNABLE_TO_LOCK_ROW":
        return "injected by the sandbox"
    ids = sorted(name for name in names if len(name) == 18)
    return f"unable to obtain exclusive access to this record or 1 records: {','.join(ids)}"


def _not_supported(sobject: SObject, what: str) -> ApiError:
    message = f"entity type {sobject.name} does not support {what}"
    return ApiError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message, 400, [])
