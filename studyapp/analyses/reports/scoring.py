"""The results of a whole study, one paradigm after the other, and its report."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from studyapp.analyses.results import results
from studyapp.analyses.sources import study_flow, tidy_study
from studyapp.models import Study
from studyapp.studies.definition.study import study_definition
from studyapp.studies.masking import is_masked

from .page import masked_html, report_html, results_digest
from .study_record import record_of_study

# (steps done, steps in all, what is being done)
Progress = Callable[[int, int, str], None]


def silent(done: int, steps: int, doing: str) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class StudyReport:
    """A report and what its row says of it. `excluded`: finished people who are left out."""

    html: str
    results_digest: str
    analysed: int
    excluded: int


def analyse_study(study: Study, on_progress: Progress = silent) -> dict[str, dict[str, Any]]:
    """The results of every paradigm that the study asks, by its name, in the order of asking.

    The declared exclusion rules are applied first, as rows beside the data.
    """
    paradigms = study_definition(study).paradigms()
    found = {}
    for done, name in enumerate(paradigms):
        on_progress(done, len(paradigms) + 1, f"analysing {name}")
        found[name] = results(tidy_study(study, name))
    return found


def study_report(study: Study, on_progress: Progress = silent) -> StudyReport:
    """The report of a whole study; while outcomes are masked, counts and attrition alone."""
    if is_masked(study):
        return _masked_report(study)
    found = list(analyse_study(study, on_progress).values())
    on_progress(len(found), len(found) + 1, "drawing the report")
    html = report_html(found, record_of_study(study), title=study.title)
    flow = found[0]["flow"]
    return StudyReport(
        html=html,
        results_digest=results_digest(found),
        analysed=flow["analysed"],
        excluded=flow["finished"] - flow["analysed"],
    )


def _masked_report(study: Study) -> StudyReport:
    flow, rules = study_flow(study)
    return StudyReport(
        html=masked_html(flow, rules, record_of_study(study)),
        results_digest="",
        analysed=flow["analysed"],
        excluded=flow["finished"] - flow["analysed"],
    )
