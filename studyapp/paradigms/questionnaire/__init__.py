"""Questionnaires, as a kind of question."""
