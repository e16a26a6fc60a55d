"""Leads that become contacts, and records that are merged into another: what follows them, and what stays behind."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.kernel.control import BadControlCall
from sandbox.kernel.store import Document

from .org import Author, Org
from .schema import SObject
from .stamps import system_stamp

_MOST_LOSERS = 2
_MERGEABLE = ("Contact", "Lead")


def convert(org: Org, lead_id: str, contact_id: str | None, author: Author) -> dict[str, str]:
    """Makes a lead a contact, a new one (with its account) or the given one; its tasks go along.

    Answers {"contact", "account"?}. Raises BadControlCall for a lead that is not there or converted already.
    """
    with org.records.store.transaction():
        lead = _live(org, "Lead", lead_id)
        if lead["IsConverted"]:
            raise BadControlCall(f"the lead {lead_id} is converted already, to {lead['ConvertedContactId']}")
        contact_id = contact_id or _new_contact(org, lead, author)
        contact = _live(org, "Contact", contact_id)
        now = system_stamp(org.records.now())
        converted = {
            "IsConverted": True,
            "ConvertedDate": now[:10],
            "ConvertedContactId": contact_id,
            "ConvertedAccountId": contact["AccountId"],
            "LastModifiedById": author.user_id,
            "LastModifiedDate": now,
        }
        org.rewrite(_object(org, "Lead"), lead, converted, author)
        _move_tasks(org, lead_id, contact, author)
        account = {"account": str(contact["AccountId"])} if contact["AccountId"] else {}
        return {"contact": contact_id, **account}


def merge(org: Org, name: str, master_id: str, losers: Sequence[str], author: Author) -> None:
    """Deletes the losers, each with the master's id; their tasks go to the master. Raises BadControlCall."""
    if name not in _MERGEABLE:
        raise BadControlCall(f"{name} cannot be merged; {' and '.join(_MERGEABLE)} can")
    if not 0 < len(set(losers) - {master_id}) == len(losers) <= _MOST_LOSERS:
        raise BadControlCall(
            f"a merge takes 1 to {_MOST_LOSERS} losers besides the master, each once; got {list(losers)}"
        )
    with org.records.store.transaction():
        master = _live(org, name, master_id)
        documents = [_live(org, name, loser) for loser in losers]
        if any(each.get("IsConverted") for each in (master, *documents)):
            raise BadControlCall("a converted lead cannot be merged")
        for loser in documents:
            fate = {"IsDeleted": True, "MasterRecordId": master_id, "LastModifiedById": author.user_id}
            org.rewrite(_object(org, name), loser, fate, author)
            _move_tasks(org, loser["Id"], master, author)


def _new_contact(org: Org, lead: Document, author: Author) -> str:
    account = org.create(_object(org, "Account"), {"Name": lead["Company"]}, author)
    taken = {name: lead[name] for name in ("LastName", "FirstName", "Title", "Phone", "Email", "OwnerId")}
    return org.create(_object(org, "Contact"), {**taken, "AccountId": account}, author)


def _move_tasks(org: Org, before: str, to: Document, author: Author) -> None:
    """By the platform: their SystemModstamp moves, and nobody has edited them."""
    task = _object(org, "Task")
    for doc in list(org.records.rows(task)):
        if doc.get("WhoId") == before and not doc["IsDeleted"]:
            account = {} if doc.get("WhatId") else {"AccountId": to.get("AccountId")}
            org.rewrite(task, doc, {"WhoId": to["Id"], **account}, author)


def _object(org: Org, name: str) -> SObject:
    return org.records.whole_catalog[name.lower()]


def _live(org: Org, name: str, record_id: str) -> Document:
    found = org.records.get(_object(org, name), record_id)
    if found is None or found["IsDeleted"]:
        raise BadControlCall(f"there is no live {name} {record_id}")
    return found
