"""The decisions: pure functions over data frames. No clock, no IO, no logging."""
