"""The results of a whole study, one paradigm after the other."""

from typing import Any

from studyapp.analyses.results import results
from studyapp.analyses.sources import tidy_study
from studyapp.models import Study
from studyapp.studies.definition import study_definition

from .material import study_material
from .page import report_html


def analyse_study(study: Study) -> dict[str, dict[str, Any]]:
    """The results of every paradigm that the study asks, by its name, in the order of asking.

    The declared exclusion rules are applied first, as rows beside the data.
    """
    paradigms = study_definition(study).paradigms()
    return {name: results(tidy_study(study, name)) for name in paradigms}


def study_report(study: Study) -> str:
    """The report of a whole study as an HTML page."""
    found = list(analyse_study(study).values())
    return report_html(found, study_material(study), title=study.title)
