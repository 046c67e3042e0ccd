"""Faults that are put into the code on purpose, and the tests that must catch them."""
