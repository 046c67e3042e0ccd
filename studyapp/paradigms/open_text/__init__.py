"""Open text, as a kind of question."""
