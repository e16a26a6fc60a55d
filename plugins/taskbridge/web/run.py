"""What one run did, in one screen; also a tab of the DAG run's own page in Airflow."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse

from taskbridge.web.access import Viewer, viewer
from taskbridge.web.find import RESTORE
from taskbridge.web.page import show
from taskbridge.web.reading import Reader, limited, reading
from taskbridge.web.rows import readable

router: Final = APIRouter()
_ROWS, _FEW = 25, 10
_OURS: Final = "task_sync"
_UNFILTERED: Final[dict[str, Any]] = {"side": None, "op": None, "state": None, "likes": []}


@router.get("/run")
def run(
    request: Request,
    who: Annotated[Viewer, Depends(viewer)],
    run: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
    dag_id: str = "",
    dag_run_id: str = "",
) -> HTMLResponse:
    """By its number, or by the names that Airflow puts into the address of the tab."""
    if run is None and not dag_id.startswith(_OURS):
        return show(request, "other_dag", dag_id=dag_id)
    with reading() as db:
        found = db.row("read_run", run_id=run, run_key=f"{dag_id}/{dag_run_id}")
        if found is None:
            if run is not None:
                raise HTTPException(404)
            return show(request, "no_run", reader=db, dag_id=dag_id)
        values = _told(db, found["run_id"])
    return show(request, "run", reader=db, run=found, may_undo=who.may(RESTORE), **values)


def _told(db: Reader, run_id: int) -> dict[str, Any]:
    found, more = limited(
        db.rows("list_planned", run_id=run_id, after=-1, lines=_ROWS + 1, **_UNFILTERED), _ROWS
    )
    return {
        "rows": readable(db, found),
        "more": more,
        "effects": db.rows("count_effects", run_id=run_id),
        "rejected": db.rows("list_rejected", run_id=run_id, lines=_FEW),
        "left_out": db.rows("read_left_out", run_id=run_id, lines=_FEW),
        "calls": db.rows("read_calls", run_id=run_id),
    }
