"""Panels asked and paid through their own APIs, with a token that a researcher gave."""
