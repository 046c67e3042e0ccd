"""Step 9 of a trial's life: judgments become results, and results a page that can be read."""

from .material import Material, folder_material, study_material
from .page import report_figures, report_html
from .scoring import analyse_study, study_report

__all__ = [
    "Material",
    "analyse_study",
    "folder_material",
    "report_figures",
    "report_html",
    "study_material",
    "study_report",
]
