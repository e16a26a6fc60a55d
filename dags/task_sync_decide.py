"""
### Decides fields that are held: contested on both sides (K3), or gone to and fro too often (K6)

`mart.conflicts_open` lists what waits, each with its number, the task, the field and both values.

**Decide:** *Trigger*, give the numbers in `conflicts`, one a line (by REST: `["17", "18"]`), and choose in `winner` the system whose value is to be in both. The log
says what was recorded. Nothing is written to either system here; the next run of `task_sync` does it, so this works also
while `taskbridge_enabled` is off. The value that loses is kept in `bridge.conflict`.

A decision is about the two values of now. If somebody changes the field on either side before the next run, the decision is
*outdated*: the field stays held, the run names it under "Left out", and `mart.conflicts_open` shows the new values to decide
on. Deciding again before the next run replaces a decision.

A number that does not exist or does not wait any more is refused, and then none of the numbers is recorded.

Instead of deciding here, one can always set the same value on both sides.
"""  # noqa: E501 - a row of a table is one line

from datetime import UTC, datetime

from airflow.sdk import DAG, Param

from taskbridge.operators import RecordDecisionOperator
from taskbridge.operators.conflicts import CONFLICTS, WINNER
from taskbridge.pipeline import OWNER, TAGS, numbers_param

with DAG(
    dag_id="task_sync_decide",
    description="Records what a person decides about held fields",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    is_paused_upon_creation=False,
    default_args={"owner": OWNER},
    tags=[*TAGS, "conflicts"],
    params={
        CONFLICTS: numbers_param(
            "Conflicts", "Numbers of the conflicts to decide, one a line, from mart.conflicts_open."
        ),
        WINNER: Param(
            type="string",
            enum=["sales_connect", "salesforce"],
            title="Winner",
            description="The system whose value is to be in both.",
        ),
    },
):
    RecordDecisionOperator(task_id="record_decision")
