"""
### Checks whether everything is there that the sync needs

Asks both systems and the database, and writes nothing, neither there nor here. Works before the first run and while
`taskbridge_enabled` is off. **Start by hand:** *Trigger*; there is nothing to choose. The log of the task `examine`
has a line for each check: what was seen, what was expected and what helps. The run is red when something has to be
mended.

| Level | Means |
|---|---|
| ok | as it should be |
| warning | works, though not as well as it could, or is about to stop |
| problem | has to be mended before the sync can work; the line says by what |
| not checked | could not be asked, as something above it failed: mend that, and check again |

Checked are the database and its schema; login, users, tasks, the feed of deletes and batches of Sales Connect; login,
API, calls left, rights on Task, each field (field-level security), the marker field, picklist values and deleted tasks
of Salesforce; who takes part; and how far the clocks are apart. It costs about five calls of Salesforce's API.

The same without Airflow's web page: `make doctor` for the local stack, `python -m taskbridge.doctor` anywhere.
"""

from datetime import UTC, datetime

from airflow.sdk import DAG

from taskbridge.operators import DoctorOperator
from taskbridge.pipeline import OWNER, TAGS

with DAG(
    dag_id="task_sync_doctor",
    description="Checks connections, permissions, fields, users and clocks; writes nothing",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    is_paused_upon_creation=False,
    default_args={"owner": OWNER},
    tags=[*TAGS, "check"],
):
    DoctorOperator(task_id="examine")
