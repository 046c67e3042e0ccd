"""Reliance, as a kind of question."""
