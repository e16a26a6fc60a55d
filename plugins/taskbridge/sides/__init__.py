"""The two systems: one client each behind `engine.ports.SidePort`, and in-memory ones for tests."""
