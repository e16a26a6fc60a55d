-- Pairs with anything unfinished are dirty, the others that this run looked at are clean; what only waits is looked at again later and later (G9)
-- Parameters: run_id, first_look, longest_rest (intervals)
WITH found AS (
    -- unfinished: something is left. waits: for a person or a proof, and nothing but that has to be done.
    -- both:
    SELECT l.link_id,
           s.disposition IS NULL OR s.disposition IN ('held', 'waiting', 'dead_letter', 'deferred') AS unfinished,
           s.disposition IN ('held', 'waiting', 'dead_letter') AS waits,
           s.disposition IS NULL OR s.disposition = 'deferred' AS busy
    FROM staging.{side}_task s
    JOIN bridge.link l ON l.{half}_id = s.remote_id
    -- Of users whom it was not asked for, a run says nothing.
    WHERE s.run_id = :run_id AND s.rule IS DISTINCT FROM 'selection'
    UNION ALL
    -- end
    -- What was written is read by the next run, and whether its pair waits then told from what that shows.
    SELECT link_id, state <> 'done', state IN ('held', 'dead'), state NOT IN ('held', 'dead')
    FROM bridge.action
    WHERE run_id = :run_id
    UNION ALL
    SELECT link_id, true, false, true FROM bridge.action WHERE run_id < :run_id AND state = 'sent'
),
judged AS (
    SELECT link_id, bool_or(unfinished) AS unfinished, coalesce(bool_or(waits), false) AND NOT bool_or(busy) AS waits
    FROM found
    GROUP BY link_id
),
looked AS (
    SELECT l.*, j.waits AND NOT bridge.is_deliberate(:run_id) AS waits,
           j.unfinished
           OR l.state IN ('pending', 'missing', 'held')
           -- What else is unfinished in its pairs, a run that undoes or restores does not decide.
           OR (l.dirty AND r.mode IN ('undo', 'restore')) AS stays
    FROM judged j
    JOIN bridge.link l USING (link_id)
    JOIN bridge.run r ON r.run_id = :run_id
),
rested AS (
    SELECT l.link_id, l.dirty, l.look_again_at, l.stays,
           CASE
               WHEN NOT l.stays OR NOT l.waits THEN NULL
               -- What a person ignores is looked at when a listing shows something new of it.
               WHEN EXISTS (
                   SELECT FROM bridge.dead_letter d
                   WHERE d.link_id = l.link_id AND d.resolved_at IS NULL AND d.ignored_at IS NOT NULL
               ) THEN now() + interval '100 years'
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
           END AS next_look_at
    FROM looked l
)
UPDATE bridge.link l
SET dirty = n.stays,
    dirty_since = CASE WHEN n.stays THEN coalesce(l.dirty_since, now()) END,
    look_again_at = n.next_look_at,
    sc_changed_at = CASE WHEN n.stays THEN l.sc_changed_at END,
    sf_changed_at = CASE WHEN n.stays THEN l.sf_changed_at END
FROM rested n
WHERE l.link_id = n.link_id AND (n.dirty, n.look_again_at) IS DISTINCT FROM (n.stays, n.next_look_at)
