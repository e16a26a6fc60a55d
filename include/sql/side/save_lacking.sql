-- Keep which fields a system was found not to have
UPDATE bridge.side_state SET lacking = :lacking WHERE side = :side
