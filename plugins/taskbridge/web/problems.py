"""Errors by code with what they mean and who must act, the rows behind them, and pairs that are stuck."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from taskbridge.sides.meanings import meaning
from taskbridge.web import csv_text
from taskbridge.web.access import Viewer, viewer
from taskbridge.web.find import PARKED
from taskbridge.web.page import show
from taskbridge.web.reading import LINES, limited, reading

router: Final = APIRouter()
_CODES: Final = 50
_CSV_LINES: Final = 50_000
_COLUMNS: Final = (
    "dead_letter_id", "code", "message", "remedy", "title", "owner_name", "owner", "side", "sc_id", "sf_id", "link_id",
    "attempts", "first_seen_at", "last_seen_at", "next_try_at",
)  # fmt: skip

Side = Literal["sales_connect", "salesforce"]
Stuck = Literal["missing", "held", "released"]


@router.get("/problems")
def problems(
    request: Request,
    who: Annotated[Viewer, Depends(viewer)],
    side: Side | None = None,
    code: str | None = None,
    reason: Stuck | None = None,
    ignored: bool = False,
    before: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
    after: str = "",
) -> HTMLResponse:
    with reading() as db:
        if reason:
            rows, more = limited(db.rows("list_stuck", state=reason, after=after, lines=LINES + 1))
            return show(request, "stuck", reader=db, rows=rows, more=more, reason=reason)
        codes = [
            {**row, "means": meaning(row["code"], row["message"] or "")}
            for row in db.rows("list_codes", lines=_CODES)
        ]
        found = db.rows("list_parked", side=side, code=code, ignored=ignored, before=before, lines=LINES + 1)
    rows, more = limited(found)
    return show(
        request, "problems", reader=db, codes=codes, rows=rows, more=more, side=side, code=code, ignored=ignored,
        may=who.may(PARKED),
    )  # fmt: skip


@router.get("/problems.csv")
def problems_csv(side: Side | None = None, code: str | None = None, ignored: bool = False) -> Response:
    with reading() as db:
        rows = db.rows("list_parked", side=side, code=code, ignored=ignored, before=None, lines=_CSV_LINES)
    return csv_text.answer("problems", _COLUMNS, rows)
