"""Agreement, as a kind of question."""
