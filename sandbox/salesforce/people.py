"""What people do in the org: the same rules as the API, under their own names, moving stamps by the clock."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from sandbox.kernel.control import BadControlCall, control_body
from sandbox.kernel.service import endpoint_of

from .calls import Context, json_response
from .ids import full_id
from .org import Author
from .schema import SObject
from .survivors import convert, merge


def people_router(context: Context) -> APIRouter:
    router = APIRouter()
    org = context.org

    @router.post("/purge")
    async def purge() -> Response:
        """Empties the recycle bin -> {"purged": number}."""
        with context.records.store.transaction():
            return json_response({"purged": org.purge()})

    @router.post("/{sobject}")
    async def create(request: Request, sobject: str) -> Response:
        """{"as": user id or e-mail, "fields": {...}} -> {"id"}."""
        target = _target(context, sobject)
        body = await _edit(request)
        record_id = org.create(target, body["fields"], _author(context, request, body.get("as")))
        return json_response({"id": record_id}, 201)

    @router.patch("/{sobject}/{record_id}")
    async def edit(request: Request, sobject: str, record_id: str) -> Response:
        """{"as": user id or e-mail, "fields": {...}}."""
        target = _target(context, sobject)
        body = await _edit(request)
        org.update(target, _id(record_id), body["fields"], _author(context, request, body.get("as")))
        return Response(status_code=204)

    @router.delete("/{sobject}/{record_id}")
    async def delete(request: Request, sobject: str, record_id: str) -> Response:
        """?as=user id or e-mail: moves the record to the bin."""
        target = _target(context, sobject)
        org.delete(target, _id(record_id), _author(context, request, request.query_params.get("as")))
        return Response(status_code=204)

    @router.post("/Lead/{record_id}/convert")
    async def convert_lead(request: Request, record_id: str) -> Response:
        """{"as": user id or e-mail, "contact": id}, each optional: the lead becomes a new contact, or that one."""
        body = await control_body(request) if await request.body() else {}
        contact = _id(body["contact"]) if body.get("contact") else None
        author = _author(context, request, body.get("as"))
        return json_response(convert(org, _id(record_id), contact, author), 201)

    @router.post("/{sobject}/{record_id}/merge")
    async def merge_records(request: Request, sobject: str, record_id: str) -> Response:
        """{"as": user id or e-mail, "losers": [ids]}: merges one or two records into this one."""
        body = await control_body(request)
        if not isinstance(body.get("losers"), list):
            raise BadControlCall(f'expected {{"losers": [ids]}}, got {sorted(body)}')
        losers, author = [_id(each) for each in body["losers"]], _author(context, request, body.get("as"))
        merge(org, _target(context, sobject).name, _id(record_id), losers, author)
        return Response(status_code=204)

    @router.post("/{sobject}/{record_id}/undelete")
    async def undelete(request: Request, sobject: str, record_id: str) -> Response:
        """{"as": user id or e-mail}, or no body: takes the record out of the bin."""
        body = await control_body(request) if await request.body() else {}
        org.undelete(_target(context, sobject), _id(record_id), _author(context, request, body.get("as")))
        return Response(status_code=204)

    return router


def load(context: Context, tables: dict[str, list[dict[str, Any]]]) -> None:
    """Puts raw documents, each with its 18-character Id. Raises BadControlCall."""
    for table, documents in tables.items():
        target = _target(context, table)
        for number, document in enumerate(documents):
            record_id = document.get("Id")
            if full_id(record_id) != record_id or str(record_id)[:3] != target.key_prefix:
                raise BadControlCall(
                    f"{table}[{number}]: Id {record_id!r} is no 18-character id of {target.name} "
                    f"(prefix {target.key_prefix}, right checksum)"
                )
        blank = {field.name: field.default for field in target.fields}
        context.records.store.put_many(target.name, ((doc["Id"], blank | doc) for doc in documents))


def _target(context: Context, name: str) -> SObject:
    try:
        return context.records.whole_catalog[name.lower()]
    except KeyError:
        known = sorted(each.name for each in context.records.whole_catalog.values() if each.listed)
        raise BadControlCall(f"there is no object {name!r}; there are {', '.join(known)}") from None


async def _edit(request: Request) -> dict[str, Any]:
    body = await control_body(request)
    if not isinstance(body.get("fields"), dict) or set(body) - {"as", "fields"}:
        raise BadControlCall(f'expected {{"as": user id or e-mail, "fields": {{...}}}}, got {sorted(body)}')
    return body


def _id(given: str) -> str:
    record_id = full_id(given)
    if record_id is None:
        raise BadControlCall(f"{given!r} is no id: 15 characters, or 18 with the right checksum")
    return record_id


def _author(context: Context, request: Request, given: Any) -> Author:
    """The named person; the integration user when nobody is named."""
    if given is None:
        return Author(context.sessions.integration_user()["Id"], endpoint_of(request), person=True)
    wanted = str(given).lower()
    for user in context.records.store.rows("User"):
        if user["Id"] == full_id(given) or wanted in (user["Email"].lower(), user["Username"].lower()):
            return Author(user["Id"], endpoint_of(request), person=True)
    raise BadControlCall(f"there is no user {given!r}: give the id, the e-mail or the user name of one")
