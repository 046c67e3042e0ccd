"""`study preregister SLUG|FILE --out FILE`: the plan, in its own order or that of a form.

The ending of the file's name says how it is written.
"""

import json
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string

from studyapp.analyses.plan_documents import (
    AMENDMENTS,
    KINDS,
    PLAN,
    Document,
    document,
    study_document,
)
from studyapp.analyses.preregistration import Preregistration
from studyapp.analyses.reports.study_record import FACTS
from studyapp.models import StudyState
from studyapp.shelf.markdown import safe_html
from studyapp.studies.definition.file import read_definition
from studyapp.studies.definition.study import Definition, study_definition
from studyapp.studies.design.certificate import certify
from studyapp.studies.design.draw import Plan, draw
from studyapp.studies.design.precision import photos_by_block, precision_lines, precision_table
from studyapp.studies.design.rows import design_plan
from studyapp.studies.design.stand_ins import photos_asked_about, plan_with_stand_ins
from studyapp.studies.masking import masks

from .base import Verb, VerbError, find_study
from .checking import outcomes_of

ENDINGS = (".md", ".txt", ".html", ".json")


MASKING = (
    "\n## Who can look before the end\n\nNobody, through the site: until the study is closed, "
    "outcomes by condition are masked in every report, page, analysis and public bundle. A private "
    "bundle holds the raw tables as a backup, without an analysis. If the owner unmasks the study, "
    "the reason and the number of people who had finished are listed as a deviation.\n"
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("source", help="a study's slug, or a study file")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help=f"ending with {', '.join(ENDINGS)}"
    )
    parser.add_argument(
        "--form", choices=[one for one in KINDS if one != AMENDMENTS], default=PLAN,
        help="the whole plan, or the fields of a registry's form in its order",
    )  # fmt: skip
    parser.add_argument(
        "--amendments", action="store_true", help="instead of the plan, what changed after opening"
    )


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    out: Path = options["out"]
    if out.suffix not in ENDINGS:
        raise VerbError(f"{out}: the file's name must end with {', '.join(ENDINGS)}")
    kind = AMENDMENTS if options["amendments"] else options["form"]
    told = _of_file(Path(options["source"]), kind) or _of_study(options["source"], kind)
    try:
        out.write_text(_written(told, out.suffix), encoding="utf-8")
    except OSError as error:
        raise VerbError(f"{out}: {error.strerror}; name a file in a folder that exists") from error
    return {"digest": told.digest, "file": str(out)}, [f"{out}: digest {told.digest}"]


def _written(told: Document, ending: str) -> str:
    if ending == ".json":
        return json.dumps(told.data(), indent=2, ensure_ascii=False) + "\n"
    if ending == ".txt":
        return told.text()
    if ending == ".md":
        return told.markdown()
    context = {"title": told.title, "body": safe_html(told.markdown())}
    return render_to_string("reports/preregistration.html", context)


def _of_file(path: Path, kind: str) -> Document | None:
    if not path.is_file():
        return None
    if kind == AMENDMENTS:
        raise VerbError("a study file has no amendments; name the study that was opened with it")
    definition = read_definition(path)
    plan = plan_with_stand_ins(definition, photos_asked_about(definition, path.parent))
    certificate, nothing_yet = certify(plan, draw(plan)), dict.fromkeys(FACTS, "")
    told = document(kind, nothing_yet, definition.model_dump(mode="json"), certificate)
    return _with_power(told, definition, certificate, plan)


def _of_study(slug: str, kind: str) -> Document:
    study = find_study(slug)
    if study.opened_at is None:
        raise VerbError(f"{slug} is not open yet: its design is not drawn; name its file instead")
    told = study_document(study, kind)
    return _with_power(told, study_definition(study), study.certificate, design_plan(study))


def _with_power(
    told: Document, definition: Definition, certificate: dict[str, Any], plan: Plan
) -> Document:
    """The whole plan with what the design is expected to find, in closed form."""
    if not isinstance(told, Preregistration):
        return told
    table = precision_table(certificate, outcomes_of(definition), photos_by_block(plan))
    lines = precision_lines(table, definition.analysis.smallest_effect)
    said = "\n".join(f"- {line.strip()}" for line in lines) or "Nothing that is asked has a score."
    appendix = (
        "## Power\n\nExpected in closed form, with middling variances of people and photos; "
        f"`study power` simulates the design itself.\n\n{said}\n"
    )
    if masks(StudyState.OPEN, definition.kind, definition.model_dump(mode="json"), ()):
        appendix += MASKING
    return replace(told, appendix=appendix)


VERB = Verb("write down what a study will do, with a digest", arguments, run)
