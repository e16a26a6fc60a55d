"""The one file here that Airflow's plugin loader runs; `.airflowignore` keeps it off the package's own."""

from airflow.plugins_manager import AirflowPlugin

from taskbridge.timetables import DaysToBackfill


class TaskBridgePlugin(AirflowPlugin):
    name = "taskbridge"
    timetables = [DaysToBackfill]  # noqa: RUF012 - as Airflow declares it
