-- Pairs with anything unfinished are dirty, the others that this run looked at are clean; what only waits is looked at again later and later (G9)
-- Parameters: run_id, first_look, longest_rest (intervals)
WITH seen AS (
    -- Of users whom it was not asked for, a run says nothing.
    -- both: UNION ALL
    SELECT l.link_id, s.disposition
    FROM staging.{side}_task s
    JOIN bridge.link l ON l.{half}_id = s.remote_id
    WHERE s.run_id = :run_id AND s.rule IS DISTINCT FROM 'selection'
    -- end
),
found AS (
    -- unfinished: something is left. waits: for a person or a proof, and nothing but that has to be done.
    SELECT link_id,
           disposition IS NULL OR disposition IN ('held', 'dead_letter', 'deferred') AS unfinished,
           disposition IN ('held', 'dead_letter') AS waits,
           disposition IS NULL OR disposition = 'deferred' AS busy
    FROM seen
    UNION ALL
    -- What was written is read by the next run, and whether its pair waits then told from what that shows.
    SELECT link_id, state <> 'done', state IN ('held', 'dead'), state NOT IN ('held', 'dead')
    FROM bridge.action
    WHERE run_id = :run_id
    UNION ALL
    SELECT link_id, true, false, true FROM bridge.action WHERE run_id < :run_id AND state = 'sent'
),
judged AS (
    SELECT f.link_id,
           bool_or(
               f.unfinished
               OR l.state IN ('pending', 'missing', 'held')
               -- What else is unfinished in its pairs, a run that undoes or restores does not decide.
               OR (l.dirty AND r.mode IN ('undo', 'restore'))
           ) AS dirty,
           coalesce(bool_or(f.waits), false) AND NOT bool_or(f.busy) AND NOT bridge.is_deliberate(:run_id) AS waits
    FROM found f
    JOIN bridge.link l USING (link_id)
    JOIN bridge.run r ON r.run_id = :run_id
    GROUP BY f.link_id
),
rested AS (
    SELECT j.link_id, j.dirty,
           CASE
               WHEN NOT j.dirty OR NOT j.waits THEN NULL
               -- What was not found for once may have been a hiccup.
               WHEN l.state = 'missing' AND l.look_again_at IS NULL THEN now()
               ELSE least(
                   now() + least(
                       greatest(now() - coalesce(l.dirty_since, now()), CAST(:first_look AS interval)),
                       CAST(:longest_rest AS interval)
                   ),
                   -- A rejected row is tried again then.
                   (SELECT min(d.next_try_at) FROM bridge.dead_letter d
                    WHERE d.link_id = l.link_id AND d.stage = 'load' AND d.resolved_at IS NULL AND d.next_try_at > now())
               )
           END AS look_again_at
    FROM judged j
    JOIN bridge.link l USING (link_id)
)
UPDATE bridge.link l
SET dirty = n.dirty,
    dirty_since = CASE WHEN n.dirty THEN coalesce(l.dirty_since, now()) END,
    look_again_at = n.look_again_at,
    sc_changed_at = CASE WHEN n.dirty THEN l.sc_changed_at END,
    sf_changed_at = CASE WHEN n.dirty THEN l.sf_changed_at END
FROM rested n
WHERE l.link_id = n.link_id AND (l.dirty, l.look_again_at) IS DISTINCT FROM (n.dirty, n.look_again_at)
