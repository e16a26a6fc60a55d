"""The steps of a run: plain functions over ports. Nothing here knows Airflow, HTTP or SQL."""
