"""The report as one HTML page that asks for nothing outside itself."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils.text import capfirst

from studyapp.analyses.figures import Figure
from studyapp.analyses.figures.figure import page_style
from studyapp.analyses.figures.flow import flow_figure
from studyapp.analyses.preregistration import frozen_preregistration
from studyapp.analyses.results import results_json
from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.tabulation import Facts
from studyapp.studies.design.certificate import certificate_lines
from studyapp.studies.masking import masked_words

from .plan import condition_lines, network_lines
from .sample import sample_of, sample_table
from .sections import section, section_figures
from .study_record import StudyRecord
from .tabulation import attrition_tables
from .verdicts import EXPLORATORY, answers_to_hypotheses, has_family, stated_texts

MARKS = {
    "simulated": "Simulated people gave these answers: they test the analysis and say nothing "
    "about people.",
    "pilot": "This is a pilot: it was run to test the study, not to answer its question.",
}
DEMONSTRATION = "This is a demonstration, not evidence."
CITATION = (
    "Selvaraju, Cogswell, Das, Vedantam, Parikh and Batra: Grad-CAM: Visual Explanations from Deep "
    "Networks via Gradient-based Localization. arXiv 1610.02391."
)


def report_html(found: Sequence[Facts], record: StudyRecord | None, *, title: str) -> str:
    """The page of the results `found`, one section per paradigm.

    The same results and record give the same bytes. Without a record (a table from elsewhere)
    it has no design, no pictures and no plan.
    """
    flow = people_figure(found, record)
    context = {
        "title": title,
        "marks": marks(record) if record is not None else [],
        "style": page_style(),
        "sections": [section(one, record) for one in found],
        "flow": flow,
        "attrition": attrition_tables(_flow(found)) if flow else [],
        "sample": sample_table(sample_of(found)),
        "citation": _citation([one["paradigm"] for one in found]),
        "versions": found[0]["versions"],
        "results_digest": results_digest(found),
        **(_study(record) if record is not None else {}),
        **(_verdicts(found, record) if record is not None and has_family(found) else {}),
    }
    return render_to_string("reports/report.html", context)


def _verdicts(found: Sequence[Facts], record: StudyRecord) -> dict[str, Any]:
    stated = record.definition["analysis"]["hypotheses"]
    return {"verdicts": answers_to_hypotheses(found, stated), "exploratory": EXPLORATORY}


def _citation(paradigms: Sequence[str]) -> str:
    """The paper whose questions were asked; empty where none of its were."""
    asked = [f"“{PARADIGMS[name].title}”" for name in paradigms if PARADIGMS[name].published]
    if not asked:
        return ""
    what = "question" if len(asked) == 1 else "questions"
    return f"{CITATION} It introduced the {what} {' and '.join(asked)}"


def masked_html(flow: Facts, rules: Mapping[str, int], record: StudyRecord) -> str:
    """The page of a study whose outcomes are masked: who took part, and its plan."""
    context = {
        "title": record.facts["title"],
        "marks": [*marks(record), f"{capfirst(masked_words(record.facts['slug']))}."],
        "style": page_style(),
        "flow": flow_figure(flow, rules, record.turned_away),
        "attrition": attrition_tables(flow),
        **_study(record),
    }
    return render_to_string("reports/report.html", context)


def report_figures(found: Sequence[Facts], record: StudyRecord | None) -> list[Figure]:
    """The figures of the same report, in its order."""
    flow = people_figure(found, record)
    return [
        *([flow] if flow is not None else []),
        *(figure for one in found for figure in section_figures(one, record)),
    ]


def people_figure(found: Sequence[Facts], record: StudyRecord | None = None) -> Figure | None:
    flow = _flow(found)
    away = record.turned_away if record is not None else {}
    return flow_figure(flow, found[0]["excluded"], away) if flow else None


def _flow(found: Sequence[Facts]) -> Any:
    return next((one["flow"] for one in found if one["flow"]), None)


def results_digest(found: Sequence[Facts]) -> str:
    """SHA-256 over the results of all paradigms, as they are written to files."""
    return hashlib.sha256("".join(results_json(one) for one in found).encode()).hexdigest()


def _study(record: StudyRecord) -> dict[str, Any]:
    """What only a study has: its plan, design, deviations and digests."""
    is_frozen = bool(record.facts["opened_at"])
    plan = frozen_preregistration(record.facts, record.definition, record.certificate)
    return {
        "study": record.facts,
        "hypotheses": stated_texts(record.definition),
        "networks": list(network_lines(record.definition)),
        "conditions": list(condition_lines(record.definition)),
        "certificate": certificate_lines(dict(record.certificate)) if record.certificate else [],
        "dropped": record.certificate.get("dropped", []),
        "deviations": record.deviations,
        "preregistration": plan.digest if is_frozen else None,
    }


def marks(record: StudyRecord) -> list[str]:
    """Warnings to read before any number."""
    told = [MARKS[record.facts["kind"]]] if record.facts["kind"] in MARKS else []
    return [*told, *([DEMONSTRATION] if record.definition.get("demo") else [])]
