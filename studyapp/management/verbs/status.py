"""`study status [SLUG]`: what is ready, what failed and why, who takes part."""

from argparse import ArgumentParser
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.utils import timezone

from studyapp.models import Heartbeat, Judgment, Study, WorkState
from studyapp.studies.preparation import (
    progress,
    study_explanations,
    study_overlays,
    study_predictions,
)

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
        "prepared": done.prepared,
        "problem": done.problem,
        "selection": study.selection,
        "predictions": asdict(done.predictions),
        "explanations": asdict(done.explanations),
        "pictures": asdict(done.pictures),
        "failed": failures(study),
        "slots": study.slots.count(),
        "slots_open": study.slots.filter(is_open=True).count(),
        "people": dict(people),
        "judgments": Judgment.objects.filter(participation__study=study).count(),
    }


def failures(study: Study, most: int = 20) -> list[str]:
    """The reasons of the failed rows, `most` of each kind at most."""
    found: list[str] = []
    for rows in (study_predictions(study), study_explanations(study), study_overlays(study)):
        failed = rows.filter(state=WorkState.FAILED).order_by("pk")[:most]
        found.extend(f"{row}: {row.error}" for row in failed)
    return found


def live_workers() -> list[str]:
    """The workers that were heard of in the last minute."""
    lately = timezone.now() - timedelta(minutes=1)
    return list(Heartbeat.objects.filter(seen_at__gt=lately).values_list("worker", flat=True))


def _lines(facts: dict[str, Any]) -> list[str]:
    rows = {name: facts[name] for name in ("predictions", "explanations", "pictures")}
    counts = ", ".join(
        f"{name} {row['ready']} ready {row['pending']} pending {row['failed']} failed"
        for name, row in rows.items()
    )
    people = ", ".join(f"{count} {status}" for status, count in facts["people"].items())
    lines = [
        f"{facts['slug']}: {facts['state']}; {counts}",
        f"  {facts['slots_open']} of {facts['slots']} places free; "
        f"{people or 'nobody yet'}; {facts['judgments']} judgments",
        *(f"  {name}: {sentence}" for name, sentence in facts["selection"].items()),
    ]
    if facts["problem"]:
        lines.append(f"  PROBLEM: {facts['problem']}")
    return lines + [f"  failed: {reason}" for reason in facts["failed"]]


VERB = Verb("what is ready, what failed and why, who takes part", arguments, run)
