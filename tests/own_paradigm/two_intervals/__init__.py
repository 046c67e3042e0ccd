"""Two intervals, forced choice."""
