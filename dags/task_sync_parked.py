"""
### Tries parked rows again now, or lets them be

A row that a system refuses, or that cannot be understood, is *parked*: its pair rests, and later runs name it until it is mended. The
page *Problems* (TaskBridge in the menu) lists them with remedies, and starts this DAG.

| Answer | What happens |
|---|---|
| `retry` | the next run of `task_sync` reads both records and tries again |
| `ignore` | the row stays as it is, does not count as parked any more, and is not tried again by the clock; a change of its record tries it again, and another error ends the ignoring. Needs a **reason** |

Name **rows** by their numbers (`mart.errors`; by REST `["17", "18"]`), or a **code** with its **side**: then all that are parked with it are meant. Who said
what, when and why is kept in `bridge.parked_answer`. Nothing is written to either system here, so this works while
`taskbridge_enabled` is off. When none of the named rows is parked any more, the run fails and says so.
"""  # noqa: E501 - a row of a table is one line

from datetime import UTC, datetime

from airflow.sdk import DAG, Param

from taskbridge.operators import AnswerParkedOperator
from taskbridge.operators.parked import PARKED_DAG
from taskbridge.pipeline import OWNER, TAGS, numbers_param

with DAG(
    dag_id=PARKED_DAG,
    description="Tries parked rows again now, or lets them be",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    is_paused_upon_creation=False,
    default_args={"owner": OWNER},
    tags=[*TAGS, "parked"],
    params={
        "answer": Param(
            None,
            type=["null", "string"],
            enum=[None, "retry", "ignore"],
            title="Answer",
            description="retry: tried again by the next run. ignore: left as they are; needs a reason.",
        ),
        "rows": numbers_param("Rows", "Numbers of parked rows, one a line, from mart.errors."),
        "side": Param(
            None,
            type=["null", "string"],
            enum=[None, "sales_connect", "salesforce"],
            title="Side",
            description="With a code: the system that answered it, or has the record.",
        ),
        "code": Param(
            None,
            type=["null", "string"],
            title="Code",
            description="All that are parked with this error code.",
        ),
        "reason": Param(
            None,
            type=["null", "string"],
            title="Reason",
            description="Why rows are ignored, for whoever asks.",
        ),
    },
):
    AnswerParkedOperator(task_id="answer")
