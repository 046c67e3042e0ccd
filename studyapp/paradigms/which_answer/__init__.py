"""Which answer is explained, as a kind of question."""
