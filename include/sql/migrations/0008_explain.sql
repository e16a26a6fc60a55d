CREATE INDEX ledger_change_link ON bridge.ledger_change (link_id);

CREATE FUNCTION bridge.salesforce_id(given text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN given !~ '^[A-Za-z0-9]{15}$' THEN given ELSE given || (
    SELECT string_agg(substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ012345', 1 + sums.bits, 1), '' ORDER BY sums.part)
    FROM (
        SELECT part, sum(CASE WHEN ascii(substr(given, part * 5 + place + 1, 1)) BETWEEN 65 AND 90 THEN 1 << place ELSE 0 END)::integer AS bits
        FROM generate_series(0, 2) part
        CROSS JOIN generate_series(0, 4) place
        GROUP BY part
    ) sums
) END;
COMMENT ON FUNCTION bridge.salesforce_id IS
    'The 18-character form of a Salesforce record id of 15; anything else as it is.';

CREATE FUNCTION bridge.pair_of(task text) RETURNS text
LANGUAGE sql STABLE
-- The first that finds one: each look-up is made only if those before it found nothing.
RETURN coalesce(
    (SELECT link_id FROM bridge.link WHERE link_id = regexp_replace(task, '^tb:(.*):[0-9]+$', '\1')),
    (SELECT link_id FROM bridge.link WHERE sf_id = bridge.salesforce_id(task)),
    (SELECT link_id FROM bridge.link WHERE sc_id = task),
    (
        SELECT link_id FROM bridge.action
        WHERE state = 'done' AND remote_id IN (task, bridge.salesforce_id(task))
        ORDER BY run_id DESC
        LIMIT 1
    )
);
COMMENT ON FUNCTION bridge.pair_of IS
    'The pair of a task, by its name or marker, by a Sales Connect id or a Salesforce id of 15 or 18 characters; also by the id of a record that the pair no longer has. Null when no pair ever had it.';
