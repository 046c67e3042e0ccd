"""Ranking, as a kind of question: the best, the best and the worst, or an order of several."""
