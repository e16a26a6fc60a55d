-- Linked pairs by owner, for the shares of the limits (G3)
SELECT sc_owner AS sc_user_id, count(*) AS pairs
FROM bridge.link
WHERE state IN ('linked', 'held')
GROUP BY sc_owner
ORDER BY sc_owner
