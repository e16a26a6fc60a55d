"""The days of `task_sync_backfill`. Airflow's scheduler imports it too: the plugin registers it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from airflow.timetables.interval import CronDataIntervalTimetable

if TYPE_CHECKING:
    from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction

_EARLIER: Final = timedelta(seconds=1)


class DaysToBackfill(CronDataIntervalTimetable):
    """Whole days, for the clock and for backfills apart.

    A backfill leaves out a date that has a run already, also one that was skipped since the sync was off. So the
    clock's run of a day begins a second before it: it has a date of its own, and never stands for a backfill's.
    """

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        found = super().next_dagrun_info(
            last_automated_data_interval=last_automated_data_interval, restriction=restriction
        )
        # A backfill asks for every date, the clock of a DAG without catch-up for the latest.
        if found is None or found.data_interval is None or restriction.catchup:
            return found
        day = found.data_interval
        return found._replace(data_interval=day._replace(start=day.start - _EARLIER))
