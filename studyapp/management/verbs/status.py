"""`study status [SLUG]`: what is ready, what failed and why, who takes part."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.db.models import Count

from studyapp.models import Judgment, Study
from studyapp.studies.masking import is_masked
from studyapp.studies.preparation.progress import failures, live_workers, progress

from .base import Verb, find_study


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("slug", nargs="?")


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    if options["slug"]:
        facts = study_facts(find_study(options["slug"]))
        return facts, _lines(facts)
    studies = [study_facts(study) for study in Study.objects.order_by("slug")]
    lines = [line for facts in studies for line in _lines(facts)] or ["no study yet; load one"]
    return {"studies": studies, "workers": live_workers()}, lines


def study_facts(study: Study) -> dict[str, Any]:
    """Everything that a person or a script wants to know of a study's state."""
    done = progress(study)
    people = study.participations.values_list("status").annotate(Count("pk")).order_by()
    return {
        "slug": study.slug,
        "kind": study.kind,
        "state": study.state,
        "masked": is_masked(study),
        "prepared": done.prepared,
        "problem": done.problem,
        "selection": study.selection,
        "predictions": asdict(done.predictions),
        "explanations": asdict(done.explanations),
        "pictures": asdict(done.pictures),
        "failed": failures(study),
        "slots": study.slots.count(),
        "slots_open": study.slots.free().count(),
        "people": dict(people),
        "judgments": Judgment.objects.of(study).count(),
    }


def _lines(facts: dict[str, Any]) -> list[str]:
    rows = {name: facts[name] for name in ("predictions", "explanations", "pictures")}
    counts = ", ".join(
        f"{name} {row['ready']} ready {row['pending']} pending {row['failed']} failed"
        for name, row in rows.items()
    )
    people = ", ".join(f"{count} {status}" for status, count in facts["people"].items())
    lines = [
        f"{facts['slug']}: {facts['state']}; {counts}",
        f"  {_places(facts)}; {people or 'nobody yet'}; {facts['judgments']} judgments",
        *(f"  {name}: {sentence}" for name, sentence in facts["selection"].items()),
    ]
    if facts["masked"]:
        lines.append("  outcomes by condition are masked until it is closed")
    if facts["problem"]:
        lines.append(f"  PROBLEM: {facts['problem']}")
    return lines + [f"  failed: {reason}" for reason in facts["failed"]]


def _places(facts: dict[str, Any]) -> str:
    if not facts["slots"]:
        return "places are drawn at opening"
    return f"{facts['slots_open']} of {facts['slots']} places free"


VERB = Verb("what is ready, what failed and why, who takes part", arguments, run)
