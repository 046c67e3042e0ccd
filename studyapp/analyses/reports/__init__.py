"""Step 9 of a trial's life: judgments become results, and results a page that can be read."""

from .page import report_figures, report_html
from .scoring import analyse_study, study_report
from .study_record import StudyRecord, record_of_bundle, record_of_study

__all__ = [
    "StudyRecord",
    "analyse_study",
    "record_of_bundle",
    "record_of_study",
    "report_figures",
    "report_html",
    "study_report",
]
