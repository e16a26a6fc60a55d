"""Sales Connect, by its API."""
