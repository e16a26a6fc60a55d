"""What is due today and tomorrow for a user, in that user's time zone; what is overdue in a list of its own (I6)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from taskbridge.web.page import show
from taskbridge.web.reading import LINES, limited, reading

router: Final = APIRouter()
BUCKETS: Final = ("today", "tomorrow", "overdue")


@router.get("/command-center")
def command_center(
    request: Request,
    user: str = "",
    q: str = "",
    bucket: str | None = None,
    after: str = "",
    after_date: Annotated[date | None, Query()] = None,
) -> HTMLResponse:
    """Everybody with counts, or the tasks of one user: of each list the beginning, or one list page by page."""
    with reading() as db:
        if not user:
            likes = [f"%{word}%" for word in q.split()]
            people, more = limited(db.rows("count_due", likes=likes, after=after, lines=LINES + 1))
            return show(request, "everybody", reader=db, people=people, more=more, q=q)
        wanted = (bucket,) if bucket in BUCKETS else BUCKETS
        lists = {
            name: limited(
                db.rows(
                    "list_due", user=user, bucket=name, after=after, after_date=after_date, lines=LINES + 1
                )
            )
            for name in wanted
        }
        who = next(iter(db.rows("read_person", user=user)), None)
    return show(request, "command_center", reader=db, user=user, who=who, lists=lists)
