"""
### Asks a person about what is held, and carries out the answer

A sync holds what is too much at once, and what it must not do by itself, instead of writing it, and starts a run of this DAG
for it, one a kind: deletes, completions, creates, owner changes, due dates. Everything else goes on meanwhile.

**Answer:** *Required actions* on the home page (or the task `ask` of the run, tab *Required actions*). The request shows how
many, whose, ten of them with names, what it costs and what each answer does. **Without an answer nothing is written**, however
long it takes. By REST:

`PATCH /api/v2/dags/task_sync_approval/dagRuns/{run}/taskInstances/ask/-1/hitlDetails` with
`{"chosen_options": ["Approve"], "params_input": {}}` (or `["Reject"]`)

| Answer | What happens |
|---|---|
| Approve | exactly these rows are written, as far as each is still as it was shown; what moved is left out and named |
| Reject | none is written, and the same is not asked for again; a change: both systems keep what they hold; a delete or a create: the pair is left alone until both records live, or the original is edited |

**Afterwards:** `mart.approvals` tells who answered, when, and what became of the rows; `bridge.approval_row` holds each row.

| What you see | What it means |
|---|---|
| `ask` skipped | everything that was asked for had moved or gone by then |
| `ask` failed | whoever answered is not among the `approvers`, or the request was not open any more; the sentence says which. It is asked anew by the next sync |
| `gate` skipped | `taskbridge_enabled` is off; the answer is kept, and the first sync after switching on carries it out |
| a task after `gate` failed | as in `task_sync`; the next sync starts the carrying out again |

A run that was deleted or has failed before it was answered is started again by the next sync: nothing stays unasked. To start
one by hand, trigger this DAG with the number of a request that is open or answered, as `mart.approvals` tells it.
"""  # noqa: E501 - a row of a table is one line

from datetime import UTC, datetime

from airflow.sdk import DAG, Param

from taskbridge.operators import AskOperator
from taskbridge.operators.approval import APPROVAL_DAG, APPROVAL_ID, ASK
from taskbridge.pipeline import OWNER, TAGS, sync_tasks

with DAG(
    dag_id=APPROVAL_DAG,
    description="Asks a person about what is held, and carries out the answer",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    # A run waits for its answer without end, and must keep no other question waiting.
    max_active_runs=64,
    is_paused_upon_creation=False,
    default_args={"owner": OWNER},
    tags=[*TAGS, "approval"],
    params={
        APPROVAL_ID: Param(
            None,
            type=["null", "integer"],
            title="Request",
            description="Number of the request in mart.approvals that is to be asked about or carried out.",
        )
    },
):
    AskOperator(task_id=ASK) >> sync_tasks("approval")
