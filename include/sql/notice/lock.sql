-- One run tells at a time; until the end of the transaction
LOCK TABLE bridge.notice IN SHARE ROW EXCLUSIVE MODE
