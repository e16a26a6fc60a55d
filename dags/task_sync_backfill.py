"""
### Reads whole days again and mends what differs

The same steps as `task_sync`, for the data interval of the run: one day, UTC. Its own daily run re-reads yesterday (from a second
before it) as a safety net. It is right and safe beside scheduled runs: runs take turns by the lease, the plan compares present values
with the ledger, and no watermark moves. What was right already stays untouched, so a day may be repeated at will.

**Start a backfill**
- *Web page:* this DAG, *Trigger*, *Backfill*, first and last day, and under *Reprocess Behavior* which of these days. A run reads
  a day of UTC, and the dialog takes midnights of the zone that stands at the lower left of the page: west of Greenwich choose UTC there first,
  else each run reads the day after the one you chose.

| Choice | Days that are read |
|---|---|
| *Missing Runs* (default; `none`) | those that no backfill has read; what the DAG's own daily run did, or skipped while the sync was off, does not count |
| *Missing and Errored Runs* (`failed`) | also those whose backfill ended red, as it does while the sync is off or a login is refused |
| *All Runs* (`completed`) | all of them |

- *REST:* `POST /api/v2/backfills` with `{"dag_id": "task_sync_backfill", "from_date": "2026-03-01T00:00:00Z",
  "to_date": "2026-03-03T00:00:00Z", "max_active_runs": 1, "reprocess_behavior": "completed"}`
- *Command line:* `airflow backfill create --dag-id task_sync_backfill --from-date 2026-03-01 --to-date 2026-03-03
  --reprocess-behavior completed`

With `{"dry_run": true}` as parameters each day only shows its plan in the log of `decide`. With `users`, only tasks of those.
A trigger by hand without a date re-reads yesterday; for any other window give `task_sync` its window.

It obeys `taskbridge_enabled`: while the sync is off, its daily run ends *skipped*, and the runs of a backfill end red. First-sync rules hold as ever: a task from before
a user's switch-on comes in only if it was changed within the look-back. Outcomes, errors and the lease: see `task_sync`.
"""  # noqa: E501 - a row of a table is one line

from datetime import UTC, datetime

from airflow.sdk import DAG

from taskbridge.operators.request import BACKFILL
from taskbridge.pipeline import OWNER, TAGS, choice_params, sync_tasks
from taskbridge.timetables import DaysToBackfill

# The dialog shows neither this documentation nor the description, and the first parameter stands below the choice.
REPEATED = (
    " Days are those of UTC: choose that zone at the lower left of the page if you are west of Greenwich. "
    "Which days are read, see 'Reprocess Behavior' above: 'Missing Runs' takes all that no backfill has read, also "
    "where the daily run was skipped; 'Missing and Errored Runs' also those that ended red, as while the sync was off."
)

with DAG(
    dag_id="task_sync_backfill",
    description="Re-reads whole days, and is what operators backfill",
    doc_md=__doc__,
    schedule=DaysToBackfill("0 0 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=2,
    is_paused_upon_creation=False,
    default_args={"owner": OWNER},
    tags=[*TAGS, "backfill"],
    params=choice_params(REPEATED),
):
    sync_tasks(BACKFILL)
