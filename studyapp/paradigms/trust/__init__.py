"""Trust, as a kind of question."""
