"""SONA: the survey code that it puts for %SURVEY_CODE% into the study's address."""

from .base import Panel

PANEL = Panel("sona", "survey_code")
