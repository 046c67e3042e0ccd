"""Figures with the numbers behind them: what each says stands here, how it is drawn in `draw`."""

from .figure import Figure

__all__ = ["Figure"]
