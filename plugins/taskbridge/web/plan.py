"""What a dry run or a held run would do, row by row; requests are answered right here."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response

from taskbridge.web import csv_text
from taskbridge.web.access import READ, Viewer, viewer
from taskbridge.web.find import APPROVAL
from taskbridge.web.page import show
from taskbridge.web.reading import LINES, Reader, limited, reading
from taskbridge.web.rows import COLUMNS, as_lines, readable

router: Final = APIRouter()
_REQUESTS: Final = 30
_CSV_LINES: Final = 50_000

Number = Annotated[int | None, Query(ge=0, lt=2**63)]
Side = Literal["sales_connect", "salesforce", ""]
Op = Literal["create", "update", "delete", ""]


class Wish:
    """Which rows: of a request or a run, and of these those that fit the filter."""

    def __init__(
        self,
        request: Number = None,
        run: Number = None,
        side: Side = "",
        op: Op = "",
        state: str = "",
        q: str = "",
    ) -> None:
        self.request, self.run = request, run
        self.filter: dict[str, Any] = {"side": side or None, "op": op or None, "state": state or None}
        self.q = q

    def rows(self, db: Reader, after: int, lines: int) -> list[dict[str, Any]]:
        likes = [f"%{_literal(word)}%" for word in self.q.split()]
        given = {**self.filter, "likes": likes, "after": after, "lines": lines}
        if self.request is not None:
            return readable(db, db.rows("list_asked", approval_id=self.request, **given))
        return readable(db, db.rows("list_planned", run_id=self.run, **given))


def _literal(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


@router.get("/plan")
def plan(
    request: Request,
    who: Annotated[Viewer, Depends(viewer)],
    wish: Annotated[Wish, Depends()],
    after: Annotated[int, Query(ge=-1, lt=2**63)] = -1,
) -> HTMLResponse:
    with reading() as db:
        if wish.request is None and wish.run is None:
            requests, dry_runs = (
                db.rows("list_requests", lines=_REQUESTS),
                db.rows("list_dry_runs", lines=_REQUESTS),
            )
            return show(
                request, "plans", reader=db, requests=requests, dry_runs=dry_runs, may=who.may(APPROVAL),
                may_start=who.may(READ),
            )  # fmt: skip
        asked = None if wish.request is None else db.row("read_request", approval_id=wish.request)
        run_id = wish.run if wish.request is None else (asked and asked["run_id"])
        run = db.row("read_run", run_id=run_id, run_key=None) if run_id is not None else None
        if run is None:
            raise HTTPException(404)
        calls = db.rows("read_calls", run_id=run_id)
        rows, more = limited(wish.rows(db, after, LINES + 1))
        may = who.may(APPROVAL)
    return show(
        request,
        "plan",
        reader=db,
        asked=asked,
        run=run,
        calls=calls,
        rows=rows,
        more=more,
        wish=wish,
        may=may,
    )


@router.get("/plan.csv")
def plan_csv(wish: Annotated[Wish, Depends()]) -> Response:
    with reading() as db:
        lines = list(as_lines(wish.rows(db, -1, _CSV_LINES)))
    return csv_text.answer("plan", COLUMNS, lines)
