"""
### Brings back what was lost, and undoes what a run wrote

One thing a run, by hand. It reads the records concerned, and nothing else; it moves no watermark. The sync goes on afterwards and
does not take back what was restored or undone. **Look first:** with *dry run* the log of `decide` shows each write with its values
and its cost, and each row that would be left out with the reason; the same is in `mart.plan` and `bridge.left_out`.

| Mode | Give | What happens |
|---|---|---|
| `restore` | a **conflict** (`bridge.conflict`) | the value that lost is written to both systems, as far as it crosses |
| `restore` | a **write** (`mart.change_log`, `action_id`), perhaps one **field** | what it replaced is written to both systems; a record that it deleted is created again |
| `restore` | a **task** that TaskBridge deleted: its pair, or an id that it has or had | it is created again where it is gone, with what was kept, and lives on as a pair |
| `undo` | a **run** (`mart.sync_runs`) | what that run wrote is taken back in the system where it wrote: fields get their former values, what it created is deleted, what it deleted is created again. Edits by people stay where they were made |

After an undo both systems are as they were before the run, ids of records that were created again aside. An undone field is carried
over again when somebody edits it; an undone create when somebody edits its original. An undo can itself be undone.

**What has moved since is left alone** and named row by row, in the log of `decide` and in `bridge.left_out`; the run ends *partial*:

| Code | Meaning |
|---|---|
| CHANGED_SINCE | somebody changed the field, the record that was created (both values are named), or its original |
| ALREADY_UNDONE, ALREADY_THERE | nothing to do |
| GONE, REPLACED | the record was deleted since, or the pair has another one |
| NOT_READ | the record is not found, or cannot be understood |
| NOT_SYNCED | its owner takes no part: switch the user's sync on, then again |
| PAIR_NOT_IN_SYNC | bring the task back first, then the value; what somebody brought back already, the next run takes in |
| PAIR_UNKNOWN, NOT_KEPT | the ledger has nothing of it any more |
| NOTHING_LOST, UNDECIDED | nothing was overwritten or deleted, or a person has to decide first |
| UNANSWERED | whether it was written is not known yet; once more after the next run |
| OVER_LIMIT | a limit holds it (G3), as below |

**Over a limit:** nothing of that kind is written. Make a dry run, look at its plan, and start again with the number of that dry run
as *approved plan*: exactly what it showed is written, less what has moved meanwhile. The database keeps who asked.

It obeys `taskbridge_enabled`; a dry run works while the sync is off. A form with nothing in it is refused. Outcomes, errors and the
lease: see `task_sync`.
"""  # noqa: E501 - a row of a table is one line

from datetime import UTC, datetime

from airflow.sdk import DAG

from taskbridge.operators.request import RESTORE
from taskbridge.pipeline import OWNER, TAGS, restore_params, sync_tasks

with DAG(
    dag_id="task_sync_restore",
    description="Brings back a lost value or task, or undoes a run",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args={"owner": OWNER},
    tags=[*TAGS, "restore"],
    params=restore_params(),
):
    sync_tasks(RESTORE)
