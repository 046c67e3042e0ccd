"""Rating, as a kind of question."""
