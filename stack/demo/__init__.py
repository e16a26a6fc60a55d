"""`make demo`: a story that is played on both systems, synced by real Airflow, shown and checked."""
