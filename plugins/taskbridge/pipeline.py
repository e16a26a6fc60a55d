"""The chain of tasks that both DAGs share, their schedule, params and assets."""

from __future__ import annotations

import inspect
import os
from datetime import timedelta
from typing import Any, Final

from taskbridge.versions import refuse_untried

# Before anything of Airflow that an older one may lack.
refuse_untried()

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import (
    Asset,
    AssetOrTimeSchedule,
    AssetWatcher,
    CronDataIntervalTimetable,
    Param,
    TaskGroup,
    TriggerRule,
)
from airflow.sdk.exceptions import AirflowTimetableInvalid

from taskbridge.core.lane import LONGEST, SHORTEST
from taskbridge.errors import SettingsInvalid
from taskbridge.operators import (
    DecideOperator,
    DeleteOperator,
    ExtractOperator,
    GateOperator,
    OpenRunSensor,
    PlanPartOperator,
    ReadDirtyOperator,
    RecoverOperator,
    ReportOperator,
    RequestsOperator,
    SettleOperator,
    UpsertOperator,
)
from taskbridge.operators.approval import APPROVAL_DAG
from taskbridge.operators.request import (
    ACCEPT_SIDE,
    AUDIT,
    DRY_RUN,
    MODE,
    REPAIR,
    RESTORE,
    SYNC,
    USERS,
    WINDOW_END,
    WINDOW_START,
)
from taskbridge.operators.step import GATE, OPEN, PLAN_PARTS
from taskbridge.triggers import NewsTrigger

SCHEDULE_VARIABLE: Final = "TASKBRIDGE_SCHEDULE"
LANE_VARIABLE: Final = "TASKBRIDGE_LANE_SECONDS"
POOL_VARIABLE: Final = "TASKBRIDGE_POOL"
"""The pool of the tasks that plan the parts of a large cycle; it must exist."""
EVERY_MINUTE: Final = "* * * * *"
NOW_AND_THEN: Final = "*/15 * * * *"
"""The clock beside an event lane, for what that overlooks."""
NEWS: Final = "taskbridge_news"
"""The asset whose events the lane makes."""
OWNER: Final = "taskbridge"
TAGS: Final = ("taskbridge", "sync")

# Host, port and database are names for the connection taskbridge_db; with all three the URI stays the same
# whether or not the Postgres provider, which completes such URIs, is installed.
_DATABASE: Final = "postgres://taskbridge_db:5432/taskbridge"
SALES_CONNECT_STAGING: Final = Asset(
    name="staging.sales_connect_task", uri=f"{_DATABASE}/staging/sales_connect_task"
)
SALESFORCE_STAGING: Final = Asset(name="staging.salesforce_task", uri=f"{_DATABASE}/staging/salesforce_task")
PLAN: Final = Asset(name="bridge.action", uri=f"{_DATABASE}/bridge/action")
RUNS: Final = Asset(name="mart.sync_runs", uri=f"{_DATABASE}/mart/sync_runs")


def schedule() -> CronDataIntervalTimetable | AssetOrTimeSchedule:
    """When task_sync runs: by the clock, and with the event lane also when either system has something new.

    Raises SettingsInvalid, which Airflow shows as the DAG's import error.
    """
    seconds = lane_seconds()
    if seconds is None:
        return clock(EVERY_MINUTE)
    watcher = AssetWatcher(name="both_systems", trigger=NewsTrigger(seconds=seconds))
    return AssetOrTimeSchedule(
        timetable=clock(NOW_AND_THEN), assets=[Asset(name=NEWS, uri=NEWS, watchers=[watcher])]
    )


def run_types() -> Any:
    """What may start task_sync. Names will do, though the annotation asks for an enum."""
    return ("scheduled", "manual") if lane_seconds() is None else ("scheduled", "manual", "asset_triggered")


def lane_seconds() -> int | None:
    """How often the event lane asks, from the environment variable TASKBRIDGE_LANE_SECONDS; None: there is no lane.

    It decides what kind of schedule the DAG has, so it is known where DAGs are parsed, where no Variable is read.
    Raises SettingsInvalid.
    """
    text = (os.environ.get(LANE_VARIABLE) or "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and SHORTEST <= int(text) <= LONGEST):
        raise SettingsInvalid(
            f"The environment variable {LANE_VARIABLE} is {text!r}; expected whole seconds from {SHORTEST} to "
            f"{LONGEST}, or nothing for no event lane."
        )
    return int(text)


def clock(otherwise: str) -> CronDataIntervalTimetable:
    """A cron expression in the environment variable TASKBRIDGE_SCHEDULE, UTC. Raises SettingsInvalid."""
    text = os.environ.get(SCHEDULE_VARIABLE) or otherwise
    timetable = CronDataIntervalTimetable(text, timezone="UTC")
    try:
        timetable.validate()
    except AirflowTimetableInvalid as error:
        raise SettingsInvalid(
            f"The environment variable {SCHEDULE_VARIABLE} is {text!r}, which is no cron expression "
            f"({error}); expected one such as {EVERY_MINUTE!r}, every minute, or '*/5 * * * *', every five."
        ) from error
    return timetable


def choice_params(hint: str = "") -> dict[str, Param]:
    """Whom a run is for, and whether it only looks. `hint`: what else is to be read right there, in the form."""
    return {
        USERS: Param(
            [],
            # What may be null has no asterisk in the form.
            type=["null", "array"],
            items={"type": "string"},
            title="Users",
            description="Only tasks of these Sales Connect users (id or e-mail address, one a line); empty: everybody. "
            f"A selection moves no watermark.{hint}",
        ),
        DRY_RUN: Param(
            False,
            type=["null", "boolean"],
            title="Dry run",
            description="Only show the plan, with reasons and cost, in the log of the task decide. "
            "Writes nothing, and works while the sync is switched off.",
        ),
    }


def numbers_param(title: str, description: str) -> Param:
    """Numbers, one a line. Airflow's form shows lines for texts, and a box of JSON for numbers."""
    items = {"type": "string", "pattern": r"^\s*[0-9]{0,18}\s*$"}
    return Param([], type=["null", "array"], items=items, title=title, description=description)


def window_params() -> dict[str, Param]:
    """A window to read instead of what is new."""
    reads = "Read what changed in this window instead of what is new. Needs both ends; moves no watermark."
    form: dict[str, Any] = {"type": ["null", "string"], "format": "date-time"}
    return {
        WINDOW_START: Param(
            None, title="Window start", description=f"{reads} First moment, inclusive.", **form
        ),
        WINDOW_END: Param(None, title="Window end", description=f"{reads} Last moment, exclusive.", **form),
    }


def audit_params() -> dict[str, Param]:
    """What is done with whole populations."""
    return {
        MODE: Param(
            AUDIT,
            type="string",
            enum=[AUDIT, "rebase", "rerender"],
            title="Mode",
            description="audit: compare both systems and the ledger, and only report. rebase: find the pairs of a "
            "lost ledger again by marker, then by likeness; writes the ledger alone. rerender: write the Subjects of "
            "all pairs anew where the template of now gives another one.",
        ),
        REPAIR: Param(
            False,
            type=["null", "boolean"],
            title="Repair",
            description="Of an audit: let the next sync read the pairs that drifted by id and mend them by its rules.",
        ),
        DRY_RUN: choice_params()[DRY_RUN],
    }


def guard_params() -> dict[str, Param]:
    """What a person says to a run that halts by itself."""
    return {
        ACCEPT_SIDE: Param(
            None,
            type=["null", "string"],
            enum=[None, "sales_connect", "salesforce", "both"],
            title="Accept side",
            description="Only after a run said that a side looks empty or old, and you have looked: take it as it "
            "is, in this run. What is not found is held as missing, older values count as edits; nothing is "
            "deleted for it. Looks up every linked task of the side.",
        )
    }


def restore_params() -> dict[str, Param]:
    """What is brought back, or which run is undone. A form without any of it is refused."""
    number: dict[str, Any] = {"type": ["null", "integer"], "minimum": 1}
    text: dict[str, Any] = {"type": ["null", "string"]}
    return {
        MODE: Param(
            RESTORE,
            type="string",
            enum=[RESTORE, "undo"],
            title="Mode",
            description="restore: bring back one lost value or task. undo: take back what a run wrote.",
        ),
        "run_id": _optional("Run", "Of an undo: number of the run, see mart.sync_runs.", number),
        "conflict_id": _optional(
            "Conflict", "Of a restore: bring back the value that lost, see bridge.conflict.", number
        ),
        "action_id": _optional(
            "Write",
            "Of a restore: bring back what this write replaced or deleted, see mart.change_log.",
            text,
        ),
        "field": _optional("Field", "Of a write with several fields: only this one.", text),
        "link_id": _optional(
            "Task",
            "Of a restore: bring back a task that TaskBridge deleted, by its pair or by an id that it has or had in "
            "either system.",
            text,
        ),
        "approved_plan": _optional(
            "Approved plan",
            "Number of a dry run of the same request: what that one showed as held by a limit is written, as far as "
            "nothing of it has moved.",
            number,
        ),
        DRY_RUN: choice_params()[DRY_RUN],
    }


def _optional(title: str, description: str, form: dict[str, Any]) -> Param:
    return Param(None, title=title, description=description, **form)


def sync_tasks(kind: str = SYNC) -> GateOperator:
    """The tasks of one run, in the DAG that is being defined; `kind` as in `operators.request.Request.of`. Answers
    the first of them.

    gate, open, read_dirty and decide are set-ups, settle and report the tear-downs that belong to them. To Airflow
    that says: without a success of the set-up nothing behind it runs; settle runs whenever decide succeeded, whatever
    became of the tasks between, also when a person marks the run failed. report runs in any case, as it says why
    nothing was done.
    """
    gate = GateOperator(task_id=GATE, kind=kind)
    opening = OpenRunSensor(task_id=OPEN, kind=kind)
    recover, parts = _reading()
    # A part that failed is planned by decide. What comes before the parts is held to its success by the set-up.
    decide = DecideOperator(task_id="decide", outlets=[PLAN], trigger_rule=TriggerRule.ALL_DONE)
    with _folded("writing", "Creates and updates, then deletes. Skipped where the plan has none."):
        upserts = [
            UpsertOperator(task_id="upsert_salesforce", side="salesforce"),
            UpsertOperator(task_id="upsert_sales_connect", side="sales_connect"),
        ]
        # A side that cannot be written must not keep the other one from its share.
        deletes = [
            DeleteOperator(task_id="delete_salesforce", side="salesforce", trigger_rule="all_done"),
            DeleteOperator(task_id="delete_sales_connect", side="sales_connect", trigger_rule="all_done"),
        ]
    settle = SettleOperator(task_id="settle").as_teardown(setups=decide, on_failure_fail_dagrun=True)
    report = ReportOperator(task_id="report", outlets=[RUNS])
    report.as_teardown(setups=[gate, opening], on_failure_fail_dagrun=True)
    report.trigger_rule = TriggerRule.ALL_DONE

    with _folded("asking", "Starts an approval for what is held. Skipped where nothing is."):
        requests = RequestsOperator(task_id="requests")
        people = _ask_people(requests)
    gate >> opening >> recover
    parts >> decide >> upserts
    for delete in deletes:
        upserts >> delete >> settle
    settle >> report
    decide >> requests >> people >> report
    return gate


def _folded(name: str, tooltip: str) -> TaskGroup:
    """A line of the grid that stays folded unless somebody opens it. Task ids are the same without it."""
    return TaskGroup(name, prefix_group_id=False, tooltip=tooltip)


def _reading() -> tuple[Any, Any]:
    """The first task of what comes before the plan, and the last one."""
    with _folded("reading", "Everything that the plan is made of."):
        recover = RecoverOperator(task_id="recover")
        extracts = [
            ExtractOperator(
                task_id="extract_sales_connect", side="sales_connect", outlets=[SALES_CONNECT_STAGING]
            ),
            ExtractOperator(task_id="extract_salesforce", side="salesforce", outlets=[SALESFORCE_STAGING]),
        ]
        read_dirty = ReadDirtyOperator(task_id="read_dirty")
        read_dirty.is_setup = True
    with _folded("planning", "Parts of a large cycle, each in a task of its own. Skipped in a small one."):
        parts = _plan_parts(read_dirty)
    recover >> extracts >> read_dirty >> parts
    return recover, parts


def _plan_parts(read_dirty: ReadDirtyOperator) -> Any:
    return PlanPartOperator.partial(
        task_id=PLAN_PARTS,
        doc_md=inspect.getdoc(PlanPartOperator),
        map_index_template="buckets {{ task.part['low'] }} to {{ task.part['high'] }}",
        retries=1,
        retry_delay=timedelta(seconds=5),
        pool=os.environ.get(POOL_VARIABLE) or "default_pool",
    ).expand(part=read_dirty.output)


def _ask_people(requests: RequestsOperator) -> Any:
    # With the lineage of this run in its conf the other one would meet a parameter that it does not know.
    return TriggerDagRunOperator.partial(
        task_id="ask_people",
        map_index_template="{{ task.trigger_run_id }}",
        trigger_dag_id=APPROVAL_DAG,
        logical_date=None,
        skip_when_already_exists=True,
        openlineage_inject_parent_info=False,
        doc_md="Starts a run of `task_sync_approval` for each request that nobody is asked about. Waits for none.",
    ).expand_kwargs(requests.output)
