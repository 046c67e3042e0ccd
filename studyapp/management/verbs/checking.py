"""`study check FILE`: is the file right, and are the photos there? Touches no database."""

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from photos.class_names import shared_names, unknown_names
from studyapp.paradigms import PARADIGMS
from studyapp.shelf.languages import unchecked
from studyapp.studies.definition.dates import erasure_has_passed
from studyapp.studies.definition.facts import fact_places
from studyapp.studies.definition.file import read_definition
from studyapp.studies.definition.presentations import frame_lines
from studyapp.studies.definition.study import Definition
from studyapp.studies.design.certificate import certificate_lines, certify
from studyapp.studies.design.draw import draw
from studyapp.studies.design.precision import photos_by_block, precision_lines, precision_table
from studyapp.studies.design.stand_ins import plan_with_stand_ins
from studyapp.studies.elsewhere import beside_manifests, count_imported
from studyapp.studies.photos.answers import read_tables, tables_alone
from studyapp.studies.photos.files import examine
from studyapp.studies.photos.preview import preview_eligibility
from studyapp.studies.photos.readers import Photo, left_out, left_out_sentence, once, read_photos
from studyapp.studies.photos.shortfalls import (
    Labels,
    best_supply,
    file_problems,
    known_labels,
    strange_members,
    supply_problems,
    taken_by_practice,
    told_by_network,
    too_few_photos,
    too_many_paradigms,
)

from .base import Verb, VerbError


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--predict",
        action="store_true",
        help="let the networks answer and count what can be asked about (takes a while)",
    )


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Facts and lines; `not_met` among the facts is what the file asks for and can't get."""
    path: Path = options["file"]
    definition = read_definition(path, with_photos=True)
    photos = read_photos(definition.images, path.parent, seed=definition.design.seed)
    plan = plan_with_stand_ins(definition, photos)
    certificate = certify(plan, draw(plan))
    surround = definition.display.surround
    examined = examine(photos, definition.images, surround=surround)
    facts: dict[str, Any] = {
        "slug": definition.slug,
        "digest": definition.digest(),
        "photos": len(once(photos)),
        "cases": len(photos),
        "photos_by_category": dict(
            Counter(one.name for photo in photos for one in photo.categories)
        ),
        "left_out": dict(left_out(definition.images, path.parent)),
        "transparent": list(examined.transparent),
        "told": examined.sentence(surround),
        "certificate": certificate,
        "precision": precision_table(certificate, outcomes_of(definition), photos_by_block(plan)),
        "not_met": [*file_problems(definition, path.parent), *erasure_has_passed(definition)],
    }
    labels: dict[str, Labels] = {
        name: known_labels(section, path.parent) for name, section in definition.networks.items()
    }
    tables = read_tables(definition, photos, path.parent)
    labels |= {name: table.labels for name, table in tables.items()}
    facts["imported"] = count_imported(beside_manifests(definition, photos, tables, path.parent))
    supply = best_supply(definition, photos, labels)
    short: tuple[str, ...] = ()
    if options["predict"] or tables_alone(definition):
        if problems := list(file_problems(definition, path.parent)):
            raise VerbError(f"the networks could not answer: {'; '.join(problems)}")
        seen = preview_eligibility(definition, photos, path.parent)
        facts["eligible"] = {name: found.as_json() for name, found in seen.supply.items()}
        supply, labels, short = seen.supply, dict(seen.labels), seen.short
    facts["unknown_names"] = told_by_network(unknown_names, definition, photos, labels)
    facts["shared_names"] = told_by_network(shared_names, definition, photos, labels)
    facts["not_met"] += [
        *too_few_photos(definition, photos),
        *strange_members(definition, labels),
        *(
            list(supply_problems(definition, supply))
            or list(taken_by_practice(definition, supply))
            or list(too_many_paradigms(definition, supply))
            or short
        ),
    ]
    facts["not_met"] += certificate["problems"]
    return facts, _lines(path, definition, facts)


def _lines(path: Path, definition: Definition, facts: dict[str, Any]) -> list[str]:
    counts = sorted(facts["photos_by_category"].items())
    is_good = "cannot be run as it stands" if facts["not_met"] else "a good study file"
    lines = [
        f"{path}: {is_good}, digest {facts['digest'][:12]}",
        f"{_told_cases(facts)}: " + ", ".join(f"{name} {count}" for name, count in counts),
        *filter(None, [left_out_sentence(Counter(facts["left_out"])), facts["told"]]),
    ]
    if facts["unknown_names"]:
        lines.append(
            "Not classes of the network (rename these, or say what they mean in `images.names`):"
        )
    lines += [f"  {sentence}" for sentence in facts["unknown_names"]]
    lines += [f"Note: {sentence}" for sentence in facts["shared_names"]]
    lines += [f"Note: {sentence}" for sentence in unchecked(definition.languages)]
    lines += [f"Note: {sentence}" for sentence in fact_places(definition)]
    for name, count in facts["imported"].items():
        lines.append(f"{name}: {count} explanations that another tool made, each checked")
    if "eligible" not in facts:
        lines.append("No network was loaded; --predict loads them and counts eligible photos")
    for paradigm, found in facts.get("eligible", {}).items():
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(found["eligible"].items()))
        lines.append(f"{paradigm} can ask about {kinds or 'no photo'}")
        lines += [f"  left out: {count}: {rule}" for rule, count in found["left_out"].items()]
    lines.append("The design, provided that enough photos are eligible:")
    lines += certificate_lines({**facts["certificate"], "problems": []})
    lines += frame_lines(definition)
    if facts["precision"]:
        lines.append("Expected precision (95 %), with moderate variances:")
        lines += precision_lines(facts["precision"], definition.analysis.smallest_effect)
        if any(one.offers_declining for one in definition.blocks if one.is_main):
            lines.append(
                "  if everybody answers: “Prefer not to say” leaves fewer answers than that"
            )
    return lines + [f"NOT MET: {problem}" for problem in facts["not_met"]]


def _told_cases(facts: dict[str, Any]) -> str:
    asked = f", about which {facts['cases']} questions are asked"
    return f"{facts['photos']} photos{asked if facts['cases'] > facts['photos'] else ''}"


def outcomes_of(definition: Definition) -> dict[str, str]:
    """The outcome of each block that has one."""
    outcomes = {one.name: PARADIGMS[one.paradigm].outcome for one in definition.blocks}
    return {name: outcome for name, outcome in outcomes.items() if outcome is not None}


def certificate_of(definition: Definition, photos: Sequence[Photo] = ()) -> dict[str, Any]:
    """The certificate of the design, with stand-ins for the stimuli.

    photos: those of a file that asks about photos more than once.
    """
    plan = plan_with_stand_ins(definition, photos)
    return certify(plan, draw(plan))


VERB = Verb("check a study file (no database)", arguments, run)
