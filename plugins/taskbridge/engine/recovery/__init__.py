"""What became of writes whose answer was lost."""
