-- Records that were removed or made anew, as they were (K5). Parameters: pairs
DELETE FROM bridge.kept WHERE link_id = ANY(:pairs)
