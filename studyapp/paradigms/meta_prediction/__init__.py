"""Meta-prediction, as a kind of question."""
