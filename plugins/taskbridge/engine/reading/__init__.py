"""How rows of a system come into staging."""
