"""Pointing, as a kind of question."""
