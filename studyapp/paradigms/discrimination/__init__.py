"""Class discrimination, as a kind of question."""
