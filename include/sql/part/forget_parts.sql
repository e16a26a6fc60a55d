-- Forget all parts that were planned beforehand
DELETE FROM staging.planned_part
