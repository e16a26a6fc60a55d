"""
### Keeps Sales Connect reminder tasks and Salesforce Tasks the same, both ways

Each run reads what is new on both sides into `staging`, decides with the ledger what that means, writes the
changed fields to the other side and remembers what both sides agreed on.

**Switch on:** Admin, Variables: `taskbridge_enabled` = `true`. Each user also decides for themselves, by the setting
*salesforce_task_sync* in Sales Connect. **Switch off:** set the Variable to `false` or delete it. That is also the brake:
a run under way stops before its next write, and nothing is lost. While it is off, runs end *skipped* and call nobody.

**Start by hand:** *Trigger* takes a window, users and a dry run. A window or users move no watermark, so such a run
is safe at any time. A **dry run** shows its plan as a table in the log of `decide` and works while the sync is off.

**A run of the clock looks first:** `gate` asks both systems whether anything is new, by a call or two. If nothing is, all other tasks are skipped, and
its log says why. Every five minutes a run is one in full, for what a look cannot see: who was switched on, deletes in Sales Connect without a feed.

**A large run** (more than 120,000 rows) is planned by several tasks, `plan_parts`, on whichever workers are free. One that fails stays red and
costs nothing but time: `decide` plans its part.

**Read a run:** the log of `report` ends with the summary; the same is in `mart.sync_runs`.

| Outcome | What it means | What to do |
|---|---|---|
| clean | both sides agree | nothing |
| conflicts | both changed the same field; the rule decided and both values are kept | look at `bridge.conflict` if you like |
| planned | a dry run would write something; nothing was written | the log of `decide` shows it, `mart.plan` too |
| held | a limit, a missing record or a rule keeps changes back | `mart.not_synced` names record, rule and remedy; fields that wait for a decision: DAG `task_sync_decide` |
| partial | some rows were refused, had moved meanwhile, or wait for the next run | `mart.errors_by_code`; what is only late mends itself |
| failed | a step could not finish; its sentence is in the summary | as below; the next run goes on where this one stopped |

| The sentence speaks of | What to do |
|---|---|
| a connection that does not exist or lacks a part | Admin, Connections; `sales_connect_default` has a *Test* button |
| a login that was refused | correct client id and secret; in Salesforce check the app's run-as user. The system is paused: runs end *skipped* and a login is tried three times an hour; `SELECT bridge.resume_side('salesforce', 'your name')` (or `sales_connect`) tries it with the next run |
| what Task lacks | grant what it names; `task_sync_doctor` shows all of it; nothing was written |
| a system that cannot be reached, a certificate | network, address, `REQUESTS_CA_BUNDLE`; often it is over by the next run |
| the schema | `make migrate` |
| settings, a parameter | the message names key, value and what is allowed |
| another org or account | the connection leads elsewhere than the ledger; correct it, or use a database of its own |
| a side that looks empty, or like an older copy | check connection and permissions; after a look, *Trigger* with `accept_side` lets one run go on |
| a data check | what it says helps; nothing was written. `checks_noted` in the settings lets runs go on meanwhile |
| rejected rows | `mart.errors_by_code` tells code, who must act and the remedy; `reject_tolerance` is how many may pass |

**The lease:** only one run writes at a time; others wait in `open` without a worker slot. A holder that dies
loses the lease by itself after `lease_minutes` (5). To break it sooner, make sure that the holder is not running, then
in the project's database: `SELECT bridge.break_lease('worker was lost', 'your name');`. A holder that comes back cannot write any more.

**Settings:** Variable `taskbridge_settings`, one JSON object; `python -m taskbridge.settings` lists them. A run keeps the
settings it was opened with. **Schedule:** environment variables of the DAG processor: `TASKBRIDGE_SCHEDULE`, a cron
expression, and `TASKBRIDGE_LANE_SECONDS`, every how many seconds the event lane asks both systems whether a run has anything to do.

**Older days:** the DAG `task_sync_backfill`.
"""  # noqa: E501 - a row of a table is one line

from datetime import UTC, datetime

from airflow.sdk import DAG

from taskbridge.pipeline import (
    OWNER,
    TAGS,
    choice_params,
    guard_params,
    run_types,
    schedule,
    sync_tasks,
    window_params,
)

with DAG(
    dag_id="task_sync",
    description="Two-way sync of Sales Connect reminder tasks and Salesforce Tasks",
    doc_md=__doc__,
    schedule=schedule(),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    allowed_run_types=run_types(),
    # The Variable is the switch, and one is enough.
    is_paused_upon_creation=False,
    default_args={"owner": OWNER},
    tags=TAGS,
    params={**window_params(), **choice_params(), **guard_params()},
):
    sync_tasks()
