"""The one file here that Airflow's plugin loader runs; `.airflowignore` keeps it off the package's own."""

from airflow.plugins_manager import AirflowPlugin


class TaskBridgePlugin(AirflowPlugin):
    name = "taskbridge"
