"""Step 9 of a trial's life: judgments become results, and results a page that can be read."""

from .scoring import analyse_study

__all__ = ["analyse_study"]
