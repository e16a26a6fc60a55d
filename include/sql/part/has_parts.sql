-- Whether any part of the run was planned beforehand
SELECT EXISTS (SELECT FROM staging.planned_part WHERE run_id = :run_id)
