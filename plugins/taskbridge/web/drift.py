"""What the newest audit found: where both systems are not as the rules say."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from taskbridge.web import csv_text
from taskbridge.web.access import Viewer, viewer
from taskbridge.web.page import show
from taskbridge.web.reading import LINES, limited, reading

router: Final = APIRouter()
_AUDIT: Final = "task_sync_audit"
_CSV_LINES: Final = 50_000
_COLUMNS: Final = (
    "class", "title", "owner_name", "owner", "field", "value_sc", "value_sf", "unexplained", "sc_id", "sf_id",
    "link_id",
)  # fmt: skip


@router.get("/drift")
def drift(
    request: Request,
    who: Annotated[Viewer, Depends(viewer)],
    kind: str | None = None,
    after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
) -> HTMLResponse:
    with reading() as db:
        counts = db.rows("count_drift")
        found = (
            db.rows("list_drift", **{"class": kind or None}, after=after, lines=LINES + 1) if counts else []
        )
    rows, more = limited(found)
    return show(
        request, "drift", reader=db, counts=counts, rows=rows, more=more, kind=kind, may=who.may(_AUDIT)
    )


@router.get("/drift.csv")
def drift_csv(kind: str | None = None) -> Response:
    with reading() as db:
        rows = db.rows("list_drift", **{"class": kind or None}, after=0, lines=_CSV_LINES)
    return csv_text.answer("drift", _COLUMNS, rows)
