"""Marking, as a kind of question."""
