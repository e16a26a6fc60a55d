"""
### Checks tables and views once a day, with Airflow's own SQL checks

Reads TaskBridge's database alone, also while `taskbridge_enabled` is off. A task that fails names the check, and what it saw.
It begins paused: unpause it to have it run every day, or trigger it.

| Task | What it checks | If it fails |
|---|---|---|
| `pairs` | a pair in step has both of its records; no record is in two pairs | `mart.task_pairs` shows it; report it |
| `people` | who takes part has a user in both systems | `mart.users` names the remedy |
| `freshness` | of the changes of the last day, 95 % of each hour's crossed within five minutes | look at that hour in `mart.freshness` and `mart.sync_runs` |
| `answers` | no write has been without an answer for a day | *The lease* in docs/operations.md |
| `parked` | no row has been parked for a week | `mart.not_synced` names the rows, with remedies |

It is an example too: copy it, and put checks of your own into it. What has to be true **before a run may write** is a file of
`include/sql/checks` instead: see *Data checks* in docs/operations.md.
"""  # noqa: E501 - a row of a table is one line

from datetime import UTC, datetime
from functools import partial

from airflow.providers.common.sql.operators.sql import SQLColumnCheckOperator, SQLTableCheckOperator
from airflow.sdk import DAG

from taskbridge.hooks.connections import DATABASE
from taskbridge.pipeline import OWNER, TAGS

with DAG(
    dag_id="task_sync_checks",
    description="Daily SQL checks of the ledger and of what analysts see; reads the database alone",
    doc_md=__doc__,
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=True,
    default_args={"owner": OWNER},
    tags=[*TAGS, "check"],
):
    columns = partial(SQLColumnCheckOperator, conn_id=DATABASE)
    table = partial(SQLTableCheckOperator, conn_id=DATABASE)
    in_step = {"null_check": {"equal_to": 0}, "unique_check": {"equal_to": 0}}

    columns(
        task_id="pairs",
        doc_md="A pair in step has both of its records, and no record is in two pairs.",
        table="bridge.link",
        partition_clause="state = 'linked'",
        column_mapping={"sc_id": in_step, "sf_id": in_step},
    )
    columns(
        task_id="people",
        doc_md="Who takes part has a user in both systems, matched once.",
        table="bridge.user_map",
        partition_clause="state = 'synced'",
        column_mapping={"sf_user_id": in_step},
    )
    columns(
        task_id="freshness",
        doc_md="Of the changes of the last day, 95 % of each hour's crossed within five minutes.",
        table="mart.freshness",
        partition_clause="hour > now() - interval '1 day'",
        column_mapping={"seconds_p95": {"max": {"leq_to": 300}}},
    )
    table(
        task_id="answers",
        doc_md="No write has been without an answer for a day.",
        table="bridge.action",
        partition_clause="state = 'sent' AND sent_at < now() - interval '1 day'",
        checks={"none_without_an_answer": {"check_statement": "count(*) = 0"}},
    )
    table(
        task_id="parked",
        doc_md="No row has been parked for a week.",
        table="bridge.dead_letter",
        partition_clause="resolved_at IS NULL AND ignored_at IS NULL "
        "AND first_seen_at < now() - interval '7 days'",
        checks={"none_parked_for_a_week": {"check_statement": "count(*) = 0"}},
    )
