-- Writes of any run whose answer is unknown and that no job carries out any more, with what tells whether they may still be carried out
WITH lost AS (
    SELECT a.action_id
    FROM bridge.action a
    WHERE a.side = CAST(:side AS text) AND a.state = 'sent'
      -- A job that goes on will tell by itself.
      AND NOT EXISTS (SELECT FROM bridge.bulk_job j WHERE j.job_id = a.job_id AND j.ended_at IS NULL)
    UNION ALL
    SELECT p.action_id FROM bridge.perhaps_created(:run_id, :certain_after) p WHERE p.side = CAST(:side AS text)
),
sent AS (
    SELECT a.*,
           -- By the server's clock, which is told when a run opens.
           CASE a.side WHEN 'sales_connect' THEN s.sc_server_time ELSE s.sf_server_time END AS sent_after,
           CASE a.side WHEN 'sales_connect' THEN s.sc_server_time ELSE s.sf_server_time END
           + (a.sent_at - s.opened_at) AS sent_before,
           CASE a.side WHEN 'sales_connect' THEN r.sc_server_time ELSE r.sf_server_time END
           + (clock_timestamp() - r.opened_at) AS server_now,
           CASE WHEN a.side = 'sales_connect' THEN l.sc_owner_now END AS witnessed
    FROM lost
    -- OFFSET 0: looked up by key, whatever the database reckons with.
    CROSS JOIN LATERAL (SELECT * FROM bridge.action WHERE action_id = lost.action_id OFFSET 0) a
    JOIN bridge.run s ON s.run_id = a.run_id
    JOIN bridge.run r ON r.run_id = CAST(:run_id AS bigint)
    LEFT JOIN bridge.link l ON l.link_id = a.link_id
),
controls AS (
    -- Best one of a clean pair; a task whose pair takes no part answers as well.
    SELECT sc_owner_now AS owner_of_control,
           coalesce(
               min(sc_id) FILTER (WHERE state = 'linked' AND NOT dirty), min(sc_id) FILTER (WHERE state = 'linked'),
               min(sc_id)
           ) AS control
    FROM bridge.link
    WHERE state IN ('linked', 'released') AND withheld IS DISTINCT FROM 'withdrawn_from_sales_connect'
      AND sc_owner_now IN (SELECT witnessed FROM sent)
      AND sc_id NOT IN (SELECT remote_id FROM sent WHERE side = 'sales_connect' AND remote_id IS NOT NULL)
    GROUP BY sc_owner_now
)
SELECT
    {writes}, sent_after, sent_before,
    CAST(
        extract(epoch FROM greatest(clock_timestamp() - sent_at, server_now - sent_before)) AS double precision
    ) AS waited,
    -- A request that was answered is over, whatever the answer was.
    coalesce(code, '') IN ('SERVER_FAILED', 'ANSWER_UNUSABLE') AS over,
    code,
    control
FROM sent
LEFT JOIN controls ON owner_of_control = witnessed
ORDER BY run_id, seq
