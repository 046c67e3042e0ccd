"""`study check FILE`: is the file right, and are the photos there? Touches no database."""

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from studyapp.models import StimulusRole
from studyapp.studies.certificate import certificate_lines, certify
from studyapp.studies.definition import Definition
from studyapp.studies.design import Item, draw
from studyapp.studies.drawing import STAGES, Items, definition_plan
from studyapp.studies.foresight import foresee
from studyapp.studies.paradigms import PARADIGMS
from studyapp.studies.photo_files import examine
from studyapp.studies.precision import precision_lines, precision_table
from studyapp.studies.readers import left_out, left_out_sentence, read_photos
from studyapp.studies.selection import wanted_stimuli
from studyapp.studies.study_file import read_definition

from .base import Verb


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--predict",
        action="store_true",
        help="let the networks answer and count what can be asked about (takes a while)",
    )


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    path: Path = options["file"]
    definition = read_definition(path)
    photos = read_photos(definition.images, path.parent, seed=definition.design.seed)
    examined = examine(photos, definition.images)
    counts = Counter(one.name for photo in photos for one in photo.categories)
    certificate = certificate_of(definition)
    table = precision_table(certificate, _outcomes(definition))
    facts = {
        "slug": definition.slug,
        "digest": definition.digest(),
        "photos": len(photos),
        "photos_by_category": dict(counts),
        "left_out": dict(left_out(definition.images, path.parent)),
        "transparent": list(examined.transparent),
        "told": examined.sentence(definition.display.surround),
        "certificate": certificate,
        "precision": table,
    }
    if options["predict"]:
        facts["eligible"] = foresee(definition, photos, path.parent)
    return facts, _lines(path, definition, facts)


def _lines(path: Path, definition: Definition, facts: dict[str, Any]) -> list[str]:
    counts = sorted(facts["photos_by_category"].items())
    lines = [
        f"{path}: a good study file, digest {facts['digest'][:12]}",
        f"{facts['photos']} photos: " + ", ".join(f"{name} {count}" for name, count in counts),
        *filter(None, [left_out_sentence(Counter(facts["left_out"])), facts["told"]]),
        *_eligible_lines(facts.get("eligible", {})),
        "The design, if as many photos as it asks for can be asked about:",
        *certificate_lines(facts["certificate"]),
    ]
    if facts["precision"]:
        lines.append("Expected precision (95 %), if variances are middling:")
        lines += precision_lines(facts["precision"], definition.analysis.smallest_effect)
    return lines


def _eligible_lines(eligible: dict[str, Any]) -> list[str]:
    lines = []
    for paradigm, found in eligible.items():
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(found["eligible"].items()))
        lines.append(f"{paradigm} can ask about {kinds or 'no photo'}")
        lines += [f"  left out: {count}: {rule}" for rule, count in found["left_out"].items()]
    return lines


def _outcomes(definition: Definition) -> dict[str, str]:
    outcomes = {one.name: PARADIGMS[one.paradigm].outcome for one in definition.blocks}
    return {name: outcome for name, outcome in outcomes.items() if outcome is not None}


def certificate_of(definition: Definition) -> dict[str, Any]:
    """The certificate of the design, with stand-ins for the stimuli."""
    plan = definition_plan(definition, stand_ins(definition))
    return certify(plan, draw(plan))


def stand_ins(definition: Definition) -> Items:
    """What a design could be drawn from if as many photos as it asks for could be asked about."""
    items: Items = {}
    for paradigm in definition.photo_paradigms():
        for (role, stratum), count in wanted_stimuli(definition, paradigm).items():
            each = PARADIGMS[paradigm].stimuli_a_photo if role == StimulusRole.MAIN else 1
            key = (paradigm, STAGES[role])
            items[key] = items.get(key, ()) + _numbered("/".join((*key, stratum)), count, each)
    return items


def _numbered(name: str, count: int, each: int) -> tuple[Item, ...]:
    stratum = name.rsplit("/", 1)[-1]
    return tuple(
        Item(f"{name}/{place}", f"{name}/photo {place // each}", stratum) for place in range(count)
    )


VERB = Verb("is a study file right? (no database)", arguments, run)
