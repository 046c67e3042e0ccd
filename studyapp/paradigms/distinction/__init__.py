"""Distinction, as a kind of question."""
