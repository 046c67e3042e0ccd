"""Figures as vector drawings with the numbers behind them; one file a kind of figure."""

from .drawing import Drawing, Figure

__all__ = ["Drawing", "Figure"]
