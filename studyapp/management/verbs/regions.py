"""`study regions SLUG FOLDER`: what people marked as a map for each photo, ready to be imported."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from studyapp.analyses.choice import ChoiceError
from studyapp.analyses.consensus import (
    TABLE,
    ConsensusError,
    consensus_maps,
    marking_block,
    write_regions,
)

from .base import Verb, VerbError, chosen_study, kind_arguments


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("slug")
    parser.add_argument("folder", type=Path, help="a new folder")
    parser.add_argument("--block", help="the block that marks, where there are several")
    parser.add_argument(
        "--condition",
        help="a condition: only people who saw the same square of the photo, or its explanation",
    )
    parser.add_argument(
        "--network", help="a network's name in the study that imports the maps, with the answer"
    )
    kind_arguments(parser)


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    try:
        study = chosen_study(options)
        block = marking_block(study, options["block"])
        maps = consensus_maps(study, block, options["condition"])
        if not maps:
            raise VerbError(f"nobody who is analysed has marked anything in {study.slug} yet")
        same = write_regions(maps, options["folder"], options["network"])
    except (ChoiceError, ConsensusError) as error:
        raise VerbError(str(error)) from error
    except OSError as error:
        raise VerbError(
            f"{options['folder']} can't be written: {error.strerror}; name another folder"
        ) from error
    people = {"least": min(one.people for one in maps), "most": max(one.people for one in maps)}
    facts = {"slug": study.slug, "block": block, "maps": len(maps) - len(same), "people": people}
    network = maps[0].network
    left_out = [
        f"  left out: {one.stimulus.photo.name}, whose map is the same everywhere" for one in same
    ]
    names = [one.stimulus.photo.name for one in same]
    return {**facts, "square_of": network, "left_out": names}, [
        f"{facts['maps']} maps of {people['least']} to {people['most']} people each, and their "
        f"table: {options['folder'] / TABLE}",
        *left_out,
        f'  show them with method = "imported", files = "…/{TABLE}", kind = "map"',
        f"  they cover the square of each photo that {network} was given, and can be shown with "
        "networks that are given the same square",
    ]


VERB = Verb("write what people marked as a map for each photo", arguments, run)
