"""The tables that are registered at the desk, by importing their files."""

from . import explanations, judgments, participations, stimuli, studies, workers

__all__ = ["explanations", "judgments", "participations", "stimuli", "studies", "workers"]
