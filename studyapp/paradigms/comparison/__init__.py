"""Paired comparison, as a kind of question."""
