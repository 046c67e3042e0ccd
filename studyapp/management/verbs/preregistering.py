"""`study preregister SLUG|FILE --out FILE`: what the study will do, as Markdown or HTML."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string

from studyapp.analyses.preregistration import Preregistration, frozen_preregistration
from studyapp.analyses.reports.study_record import FACTS
from studyapp.shelf.markdown import safe_html
from studyapp.studies.definition.file import read_definition
from studyapp.studies.definition.study import Definition, study_definition
from studyapp.studies.design.certificate import certify
from studyapp.studies.design.draw import Plan, draw
from studyapp.studies.design.precision import photos_by_block, precision_lines, precision_table
from studyapp.studies.design.rows import design_plan
from studyapp.studies.design.stand_ins import photos_asked_about, plan_with_stand_ins

from .base import Verb, VerbError, find_study
from .checking import outcomes_of


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("source", help="a study's slug, or a study file")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="ending with .md or .html"
    )


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    out: Path = options["out"]
    if out.suffix not in {".md", ".html"}:
        raise VerbError(f"{out}: the file's name must end with .md or .html")
    plan = _of_file(Path(options["source"])) or _of_study(options["source"])
    text = plan.markdown()
    if out.suffix == ".html":
        context = {"title": plan.title, "body": safe_html(text)}
        text = render_to_string("reports/preregistration.html", context)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise VerbError(f"{out}: {error.strerror}; name a file in a folder that exists") from error
    return {"digest": plan.digest, "file": str(out)}, [f"{out}: digest {plan.digest}"]


def _of_file(path: Path) -> Preregistration | None:
    if not path.is_file():
        return None
    definition = read_definition(path)
    plan = plan_with_stand_ins(definition, photos_asked_about(definition, path.parent))
    certificate, nothing_yet = certify(plan, draw(plan)), dict.fromkeys(FACTS, "")
    appendix = _power(definition, certificate, plan)
    raw = definition.model_dump(mode="json")
    return frozen_preregistration(nothing_yet, raw, certificate, appendix)


def _of_study(slug: str) -> Preregistration:
    study = find_study(slug)
    if study.opened_at is None:
        raise VerbError(f"{slug} is not open yet: its design is not drawn; name its file instead")
    facts = {name: getattr(study, name) for name in FACTS}
    facts["opened_at"] = study.opened_at.isoformat()
    appendix = _power(study_definition(study), study.certificate, design_plan(study))
    return frozen_preregistration(facts, study.definition, study.certificate, appendix)


def _power(definition: Definition, certificate: dict[str, Any], plan: Plan) -> str:
    """What the design is expected to find, in closed form."""
    table = precision_table(certificate, outcomes_of(definition), photos_by_block(plan))
    lines = precision_lines(table, definition.analysis.smallest_effect)
    said = "\n".join(f"- {line.strip()}" for line in lines) or "Nothing that is asked has a score."
    return (
        "## Power\n\nExpected in closed form, with middling variances of people and photos; "
        f"`study power` simulates the design itself.\n\n{said}\n"
    )


VERB = Verb("write down what a study will do, with a digest", arguments, run)
