-- A side's state, locked until the transaction ends
SELECT state FROM bridge.side_state WHERE side = :side FOR UPDATE
