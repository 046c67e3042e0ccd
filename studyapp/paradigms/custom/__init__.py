"""Custom, as a kind of question."""
