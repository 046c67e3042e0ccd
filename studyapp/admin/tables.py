"""The tables that are registered at the desk, by importing their files."""

from . import judgments, participations, stimuli, studies, workers

__all__ = ["judgments", "participations", "stimuli", "studies", "workers"]
