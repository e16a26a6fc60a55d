-- What the newest audit found, by class and field, with the audit
SELECT b.class, b.field, b.tasks, b.meaning, b.run_id, r.opened_at, r.asked_by, r.asked ->> 'repair' AS repair
FROM mart.drift_by_class b
JOIN bridge.run r USING (run_id)
ORDER BY b.class <> 'in_step', b.tasks DESC, b.class, b.field
