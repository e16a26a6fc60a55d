"""Fields that both systems changed: both values, who won, and the decision or the loser back."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from taskbridge.web.access import Viewer, viewer
from taskbridge.web.find import DECIDE, RESTORE
from taskbridge.web.page import show
from taskbridge.web.reading import LINES, limited, reading

router: Final = APIRouter()


@router.get("/conflicts")
def conflicts(
    request: Request,
    who: Annotated[Viewer, Depends(viewer)],
    before: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
) -> HTMLResponse:
    with reading() as db:
        waiting, more_wait = limited(db.rows("list_conflicts", open=True, before=None, lines=LINES + 1))
        past, more = limited(db.rows("list_conflicts", open=False, before=before, lines=LINES + 1))
        ids = {
            value
            for row in [*waiting, *past]
            if row["field"] == "owner"
            for value in (row["value_sc"], row["value_sf"])
        }
        found = db.rows("read_names", ids=sorted(one for one in ids if one)) if ids else []
    return show(
        request, "conflicts", reader=db, waiting=waiting, more_wait=more_wait, past=past, more=more,
        names={one["user_id"]: one["name"] for one in found},
        may_decide=who.may(DECIDE), may_restore=who.may(RESTORE),
    )  # fmt: skip
