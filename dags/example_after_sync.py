"""
### An example: what comes after a run of the sync

A DAG of your own may run whenever a run of the sync has ended: its schedule names the asset `mart.sync_runs`, and the
event tells what the run did. This one only writes it down: copy it, and put a refresh of a dashboard or a
check of your own in place of `tell`.

It begins paused. Other assets: `staging.sales_connect_task`, `staging.salesforce_task` (read), `bridge.action`
(planned). While `taskbridge_enabled` is off no run ends with an event.
"""

import logging
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import DAG, task

from taskbridge.pipeline import OWNER, RUNS, TAGS

_log = logging.getLogger(__name__)

with DAG(
    dag_id="example_after_sync",
    description="An example of a DAG that runs after each run of the sync",
    doc_md=__doc__,
    schedule=[RUNS],
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    is_paused_upon_creation=True,
    max_active_runs=1,
    default_args={"owner": OWNER},
    tags=[*TAGS, "example"],
):

    @task(doc_md="Writes down what the runs did of which the event tells.")
    def tell(triggering_asset_events: Any = None) -> list[dict[str, Any]]:
        told = [event.extra for event in triggering_asset_events[RUNS]]
        for run in told:
            _log.info(
                "Run %s ended %s: %s", run["run_id"], run["outcome"], run.get("actions", "nothing done")
            )
        return told

    tell()
