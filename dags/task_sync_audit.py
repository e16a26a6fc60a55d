"""
### Compares whole populations, finds a lost ledger again, carries out a new template

Started by hand. Audit and rebase read both systems from their beginning: about a call for each 2,000 tasks in Salesforce and each
100 in Sales Connect; a rerender reads all pairs by id. Meanwhile the run holds the lease, so `task_sync` waits and catches up
afterwards.

| Mode | What it does | Writes |
|---|---|---|
| `audit` (default) | compares every task of both systems with its partner and with the ledger | only its report |
| `rebase` | rebuilds a ledger that was lost: by marker, then by a likeness in everything that is the only one of its kind | only the ledger |
| `rerender` | writes the Subjects of all pairs anew where `subject_template` gives another one now | Subjects; what else is new in these pairs crosses as usual |

**Read an audit:** the log of `report` has the number of lines. `mart.drift_by_class` counts them and says what each class means and
what helps; `mart.drift` names records, fields and both values. An audit works while `taskbridge_enabled` is off.

**Repair** (a parameter of `audit`): the pairs that drifted become dirty, so the next run of `task_sync` reads both records by id and
mends them by the usual rules and limits. A difference that no side's change explains is decided as a conflict, and the loser is kept;
what a person left different (undone, restored, rejected) stays so. A delete without a recent date is held for a person. Pairs out of
the sync (released, withheld, ended) are read again only where a record was edited since it was last read.

**Rebase** is what a halt over an empty ledger asks for. Before it: make sure that `taskbridge_db` is the right database and really
lost its tables' rows, and that the switch is on (a *dry run* works without). It deletes and creates nothing in either system, and
doing it again changes nothing. What it cannot tell is named in `bridge.left_out` with the reason, and the run ends *partial*:

| Code | What to do |
|---|---|
| MARKER_TWICE, OLDER_LIVE | keep one of the records, clear the marker of the other or delete it, run again |
| MARKER_FOREIGN | the record came with a copy of another org or account: clear its marker, or delete it |
| ORIGINAL_ONLY, ORIGINAL_TAKEN, MARKER_TAKEN | compare the records by hand; clear the marker that is wrong |
| SEVERAL_ALIKE | tasks that agree in everything: delete the doubles, or let them be; they stay unsynced |

Of pairs with one deleted record a person decides (*held*, rule C6); records that cannot be found are *missing* (C5). Tasks that were
made between the loss and the rebase count as existing: those of Salesforce come in if they changed in the last 24 hours (I1), those
of Sales Connect stay (I2); an audit names them. Deletes from that time that neither system tells any more are not known.

**Rerender** after a change of `subject_template`, which by itself writes nothing. Take a *dry run* first: it shows every Subject before
and after, and the calls it costs. It obeys the switch and the limits: above them the Subjects wait for an approval
(`task_sync_approval`, kind *subject*). A Subject that a person typed is overwritten too, and kept in `mart.change_log`.

Outcomes, errors and the lease: see `task_sync`.
"""  # noqa: E501 - a row of a table is one line

from datetime import UTC, datetime

from airflow.sdk import DAG

from taskbridge.operators.request import AUDIT
from taskbridge.pipeline import OWNER, TAGS, audit_params, sync_tasks

with DAG(
    dag_id="task_sync_audit",
    description="Compares both systems as a whole; finds a lost ledger again; carries out a new template",
    doc_md=__doc__,
    # By hand: it reads everything, keeps the sync waiting, and may run while the sync is off, as no clock may.
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args={"owner": OWNER},
    tags=[*TAGS, "audit"],
    params=audit_params(),
):
    sync_tasks(AUDIT)
