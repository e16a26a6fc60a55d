"""Airflow's scheduler with the libraries of the sync's tasks loaded beforehand: `python -m stack.scheduler`.

LocalExecutor forks its workers from the scheduler, and a worker forks each task. Libraries that are in
memory by then are shared; otherwise every task imports them anew, which is most of what a small task takes.
The project's own modules stay out, so that each task runs the code as it is on disk.
"""

from importlib import import_module

from stack.loopback import run

LIBRARIES = (
    "adbc_driver_postgresql.dbapi",
    "airflow.providers.salesforce.hooks.salesforce",
    "orjson",
    "pandas",
    "psycopg",
    "pyarrow.compute",
    "pyarrow.csv",
    "sqlalchemy.dialects.postgresql.psycopg",
    "tenacity",
)


def main() -> None:
    for library in LIBRARIES:
        import_module(library)
    run("scheduler")


if __name__ == "__main__":
    main()
