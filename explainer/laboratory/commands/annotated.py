"""Sets of photos of which more than the pixels is told: COCO's, VOC's, ImageNet's."""

import argparse
from pathlib import Path

from explainer.errors import ExplainerError
from explainer.laboratory.segmentations import (
    LabelledPhoto,
    read_labelled,
    read_labelled_imagenet,
    read_labelled_voc,
)

OF_IMAGENET = {
    "truth": ("F", "the table of classes, such as LOC_val_solution.csv"),
    "synsets": ("F", "which WordNet id each number of --truth means, such as map_clsloc.txt"),
    "boxes": ("DIR", "the folder of the XML files with boxes"),
}


def add_annotated(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "--coco", type=Path, metavar="F", help=f"{what}: a COCO instances file, or its folder"
    )
    parser.add_argument("--voc", type=Path, metavar="F", help=f"{what}: a folder such as VOC2007")
    parser.add_argument(
        "--split", metavar="S", help="of --voc: val, cat_train, Segmentation/val; all if left out"
    )


def add_imagenet(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "--imagenet",
        type=Path,
        metavar="DIR",
        help=f"{what}: folders or files named by WordNet ids, or the photos of ImageNet's own "
        "validation set",
    )
    for option, (metavar, told) in OF_IMAGENET.items():
        parser.add_argument(
            f"--{option}", type=Path, metavar=metavar, help=f"of --imagenet: {told}"
        )


def source_of(arguments: argparse.Namespace) -> str | None:
    """The option that names the set; None where none does. ExplainerError where that can't be told,
    or where an option would be passed over."""
    given = vars(arguments)
    named = [name for name in ("coco", "voc", "imagenet") if given.get(name)]
    if len(named) > 1:
        raise ExplainerError(
            "annotated photos come from one set", f"leave --{' or --'.join(named[1:])} out"
        )
    if arguments.split and named != ["voc"]:
        raise ExplainerError("--split chooses among VOC's photos", "give --voc F as well")
    for option in OF_IMAGENET:
        if given.get(option) and named != ["imagenet"]:
            raise ExplainerError(f"--{option} is of ImageNet's photos", "give --imagenet DIR")
    if given.get("synsets") and not given.get("truth"):
        raise ExplainerError("--synsets says what numbers of --truth mean", "give --truth F")
    return named[0] if named else None


def annotated_of(arguments: argparse.Namespace) -> list[LabelledPhoto]:
    """The photos of the set that the arguments name."""
    source = source_of(arguments)
    if source == "coco":
        return read_labelled(arguments.coco)
    if source == "voc":
        return read_labelled_voc(arguments.voc, arguments.split)
    if source == "imagenet":
        of_imagenet = (getattr(arguments, option) for option in OF_IMAGENET)
        return read_labelled_imagenet(arguments.imagenet, *of_imagenet)
    raise ExplainerError("no annotated photos are named", "give --coco F or --voc F")
