-- The project's database beside Airflow's own. Run once by the postgres image, on an empty volume.
create database taskbridge;
