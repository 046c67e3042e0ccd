"""SONA: the survey code that it puts for %SURVEY_CODE% into the study's address."""

from .base import Panel, in_form


def _number(text: str) -> str:
    return text.lstrip("0") or text[-1:]


PANEL = Panel("sona", "survey_code", read=in_form("[0-9]{1,20}", _number), pays=False, title="SONA")
