"""`study check FILE`: is the file right, and are the photos there? Touches no database."""

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from studyapp.studies.certificate import certificate_lines, certify
from studyapp.studies.definition import Definition, read_definition
from studyapp.studies.design import Item, draw
from studyapp.studies.drawing import Items, definition_plan
from studyapp.studies.paradigms import PARADIGMS
from studyapp.studies.readers import read_photos

from .base import Verb


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path)


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    path: Path = options["file"]
    definition = read_definition(path)
    photos = read_photos(definition.images, path.parent)
    counts = Counter(one.name for photo in photos for one in photo.categories)
    certificate = _certificate(definition)
    lines = [f"{path}: a good study file, digest {definition.digest()[:12]}"]
    lines.append(
        f"{len(photos)} photos: " + ", ".join(f"{k} {v}" for k, v in sorted(counts.items()))
    )
    lines.append("The design, if as many photos as it asks for can be asked about:")
    lines.extend(certificate_lines(certificate))
    facts = {
        "slug": definition.slug,
        "digest": definition.digest(),
        "photos": len(photos),
        "photos_by_category": dict(counts),
        "certificate": certificate,
    }
    return facts, lines


def _certificate(definition: Definition) -> dict[str, Any]:
    """The certificate of the design, with stand-ins for the stimuli."""
    plan = definition_plan(definition, _stand_ins(definition))
    return certify(plan, draw(plan))


def _stand_ins(definition: Definition) -> Items:
    items: Items = {}
    for paradigm in definition.paradigms():
        each = PARADIGMS[paradigm].stimuli_a_photo
        practice = definition.practice_trials(paradigm)
        items[paradigm, "practice"] = _numbered(f"{paradigm}/practice", practice, 1)
        items[paradigm, "main"] = _numbered(paradigm, definition.design.stimuli, each)
    return items


def _numbered(name: str, count: int, each: int) -> tuple[Item, ...]:
    return tuple(Item(f"{name}/{place}", f"{name}/photo {place // each}") for place in range(count))


VERB = Verb("is a study file right? (no database)", arguments, run)
