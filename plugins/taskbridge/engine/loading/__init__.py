"""How planned writes reach a system."""
