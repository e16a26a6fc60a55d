-- Records that no plan can be made with are as records that cannot be understood (G4). Parameters: run_id, remote_ids, code, message
UPDATE staging.{side}_task
SET problem_code = :code, problem_message = :message, {blanks}
WHERE run_id = :run_id AND remote_id = ANY(:remote_ids)
