"""What a decision is made from, and what it will cost."""
