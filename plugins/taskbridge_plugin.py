"""The one file here that Airflow's plugin loader runs; `.airflowignore` keeps it off the package's own.

An installed package is found by its entry point; found twice, Airflow would report an error.
"""

from importlib.metadata import PackageNotFoundError, distribution


def _has_entry_point() -> bool:
    try:
        return any(point.group == "airflow.plugins" for point in distribution("taskbridge").entry_points)
    except PackageNotFoundError:
        return False


if not _has_entry_point():
    from taskbridge.web.plugin import TaskBridgePlugin  # noqa: F401 - the loader looks for the name
