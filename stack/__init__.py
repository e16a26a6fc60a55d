"""The local stack: embedded PostgreSQL, the two simulated systems and Airflow under one supervisor."""
