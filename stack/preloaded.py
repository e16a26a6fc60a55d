"""A service of Airflow with the libraries of the sync's tasks loaded beforehand.

    python -m stack.preloaded scheduler
    python -m stack.preloaded celery worker --concurrency 2

LocalExecutor forks its workers from the scheduler, Celery its own from the worker, and each forks its tasks.
Libraries that are in memory by then are shared; otherwise every task imports them anew, which is most of what a
small task takes. The project's own modules stay out, so that each task runs the code as it is on disk.
"""

import sys
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


if __name__ == "__main__":
    for library in LIBRARIES:
        import_module(library)
    run(*sys.argv[1:])
