-- Say where every staged row ended (G5). Parameters: run_id, remote_id, link_id, disposition, rule (arrays)
UPDATE staging.{side}_task s
SET link_id = d.link_id, disposition = d.disposition, rule = d.rule
FROM unnest(
    CAST(:remote_id AS text[]), CAST(:link_id AS text[]), CAST(:disposition AS text[]), CAST(:rule AS text[])
) AS d (remote_id, link_id, disposition, rule)
WHERE s.run_id = :run_id AND s.remote_id = d.remote_id
