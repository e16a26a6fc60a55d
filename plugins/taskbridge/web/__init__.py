"""The pages in Airflow's UI. They read; what a person does goes through Airflow's own REST API."""
