-- Purpose: both servers' clocks at the first enabled run
-- Parameters: none
-- Caller: store/identity.py
SELECT side, ledger_started_at FROM bridge.side_identity WHERE ledger_started_at IS NOT NULL
