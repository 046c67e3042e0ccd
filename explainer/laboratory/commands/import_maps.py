"""`import-maps`: arrays that other tools saved, one for each photo, as maps that a study imports.

Nothing about an array is guessed: where its axes could mean two things, the command stops and names
the option that says which.
"""

import argparse
import csv
import io
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray

from explainer.errors import ExplainerError
from explainer.pictures import store
from explainer.pictures.photos import open_array
from photos import is_litter

from . import choices
from .choices import ENDINGS, Command

Array = NDArray[np.float32]
MANIFEST = "maps.csv"
# Of axes whose length could be that of colour channels
CHANNELS = (1, 3, 4)
JOIN = {
    "sum": lambda values: values.sum(0),
    "abs-sum": lambda values: np.abs(values).sum(0),
    "abs-max": lambda values: np.abs(values).max(0),
    "abs-mean": lambda values: np.abs(values).mean(0),
}
SIGNS = ("positive", "signed")


@dataclass(frozen=True)
class Reading:
    """What the command line says of the arrays. `channels`: how they become one number, or
    nothing; `axis`: where they are, first or last, or nothing; `classes`: the names of the answers
    whose maps an array holds, in its order; `signs`: what values below 0 mean."""

    channels: str | None
    axis: str | None
    classes: tuple[str, ...]
    signs: str


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER", help="arrays (.npy), one per photo; or one of all"
    )
    parser.add_argument(
        "--order", type=Path, metavar="FILE",
        help="of one array of all: the paths of its photos in their folder, one on each line",
    )  # fmt: skip
    parser.add_argument(
        "--photos", required=True, type=Path, metavar="DIR", help="the study's folder of photos"
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="save here")
    parser.add_argument(
        "--channels",
        choices=[*JOIN],
        help="how the values of colour channels become one: their sum (as SHAP and integrated "
        "gradients are meant), or the sum, mean or largest of their magnitudes",
    )
    parser.add_argument(
        "--axis", choices=["first", "last"], help="where the channels are, if both could be it"
    )
    parser.add_argument(
        "--classes", metavar="NAMES", help="the answers whose maps each array holds, in its order"
    )
    parser.add_argument(
        "--answer", metavar="NAME", help="the answer that every array explains (without it: none)"
    )
    parser.add_argument(
        "--network", metavar="NAME", help="its name in the study file, if the pair has two"
    )
    parser.add_argument(
        "--signs",
        choices=SIGNS,
        required=True,
        help="positive: values below 0 become 0; signed: they are evidence against, and stay",
    )


def run(chosen: argparse.Namespace) -> int:
    if chosen.answer and chosen.classes:
        raise ExplainerError("--answer and --classes both name what is explained", "give one")
    reading = _reading(chosen)
    is_one = chosen.order is not None or chosen.folder.is_file()
    made = _stacked(chosen) if is_one else _single(chosen)
    if chosen.out.resolve() == chosen.folder.resolve():
        raise ExplainerError(f"--out {chosen.out} holds the arrays", "save into another folder")
    rows = []
    for where, photo, array in made:
        for answer, values in maps_of(array, reading, where).items():
            name = _file_name(photo, answer)
            store.save_bytes(chosen.out / name, _npy(values))
            rows.append(_row(photo, answer or chosen.answer or "", chosen.network or "", name))
    _save_manifest(chosen.out / MANIFEST, rows)
    signed = " with settings = { signed = true }" if chosen.signs == "signed" else ""
    count = len({row["photo"] for row in rows})
    print(
        f"{len(rows)} maps of {count} photos; name {chosen.out / MANIFEST} as `files`{signed}",
        file=sys.stderr,
    )
    return 0


def _single(chosen: argparse.Namespace) -> Iterator[tuple[str, str, Array]]:
    """What to call each array, its photo, and the array."""
    pairs = photos_of_arrays(chosen.folder, chosen.photos)
    return ((path.name, photo, open_array(path)) for path, photo in pairs.items())


def _stacked(chosen: argparse.Namespace) -> Iterator[tuple[str, str, Array]]:
    """The same of one array that holds those of many photos, along its first axis."""
    stack, order = chosen.folder, chosen.order
    if order is None or stack.is_dir():
        raise ExplainerError(
            f"{stack} is one array, and of which photos is not said"
            if order is None
            else f"{stack} is a folder, and --order {order} is about one array",
            "name the array of all photos as FOLDER, and a text file of the photos' paths, in the "
            "array's order, by --order",
        )
    if not stack.is_file():
        raise ExplainerError(f"{stack} is no file", "check its path")
    arrays = open_array(stack)
    names = [line.strip() for line in _text(order).splitlines() if line.strip()]
    if not names or len(names) != len(arrays):
        raise ExplainerError(
            f"{stack.name}: an array of {_shape(arrays)}; the photos in {order} are {len(names)}",
            "save photos×height×width, or with channels, and name each photo on a line of its own",
        )
    known = {path.as_posix() for path in _photos_below(chosen.photos)}
    counts = Counter(names)
    for name in names:
        if name not in known or counts[name] > 1:
            raise ExplainerError(
                f"{order}: {name} is {'twice in it' if name in known else 'no photo'}",
                f"write the path of each photo once, as it is in {chosen.photos}",
            )
    where = (f"{stack.name}, array {number}" for number in range(len(names)))
    return zip(where, names, arrays, strict=True)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ExplainerError(
            f"{path} can't be read as text", "name a text file of photos' paths"
        ) from error


def _reading(chosen: argparse.Namespace) -> Reading:
    classes = tuple(choices.split(chosen.classes)) if chosen.classes else ()
    if len(classes) == 1:
        raise ExplainerError(
            f"--classes names one answer, {classes[0]}", f'say --answer "{classes[0]}"'
        )
    if len({*classes}) < len(classes):
        raise ExplainerError(
            f"--classes {chosen.classes} names an answer twice",
            "give each map an answer of its own",
        )
    if chosen.signs == "signed" and (chosen.channels or "").startswith("abs-"):
        raise ExplainerError(
            f"--channels {chosen.channels} leaves no values below 0, and --signs signed says that "
            "they are evidence against",
            "say --channels sum, or --signs positive",
        )
    return Reading(chosen.channels, chosen.axis, classes, chosen.signs)


def photos_of_arrays(folder: Path, photos: Path) -> dict[Path, str]:
    """Each array with the path of its photo in `photos`: the same path or, if that is none, the
    same name; with the photo's ending or without."""
    by_path: dict[str, list[str]] = {}
    by_name: dict[str, list[str]] = {}
    for path in _photos_below(photos):
        for known, either in (by_path, path), (by_name, PurePath(path.name)):
            for name in (either.as_posix(), either.with_suffix("").as_posix()):
                known.setdefault(name, []).append(path.as_posix())
    found: dict[Path, str] = {}
    for array in (folder / path for path in _below(folder) if path.suffix == ".npy"):
        name = array.relative_to(folder).with_suffix("").as_posix()
        fitting = by_path.get(name) or by_name.get(name, [])
        if len(fitting) != 1:
            told = " and ".join(fitting[:2]) if fitting else f"no photo in {photos}"
            raise ExplainerError(
                f"{array.name} belongs to {told}",
                "name each array as its photo is named, in the same sub-folder; if it is one array "
                "of all photos, name the file as FOLDER and their paths by --order",
            )
        found[array] = fitting[0]
    if not found:
        others = sum(path.suffix == ".npz" for path in _below(folder))
        told = f" and {others} .npz" if others else ""
        raise ExplainerError(
            f"{folder} holds no .npy file{told}", "save each array by itself with numpy.save"
        )
    twice = {photo for photo, count in Counter(found.values()).items() if count > 1}
    if twice:
        raise ExplainerError(f"two arrays are of {min(twice)}", "leave one out")
    return found


def _photos_below(folder: Path) -> list[Path]:
    return [path for path in _below(folder) if path.suffix.lower() in ENDINGS]


def _below(folder: Path) -> list[Path]:
    """The paths in a folder of what a person has put there."""
    if not folder.is_dir():
        raise ExplainerError(f"{folder} is no folder", "check its path")
    paths = (path.relative_to(folder) for path in sorted(folder.rglob("*")))
    return [path for path in paths if not is_litter(path)]


def maps_of(values: Array, reading: Reading, name: str) -> dict[str, Array]:
    """The maps (H×W) in one array, by the answer that each explains; "" where it is of none."""
    if reading.classes:
        return {
            answer: _signed(_one(part, reading, name), reading, name)
            for answer, part in _by_class(values, reading, name)
        }
    return {"": _signed(_one(values, reading, name), reading, name)}


def _by_class(values: Array, reading: Reading, name: str) -> Iterator[tuple[str, Array]]:
    """Along the first axis longer than 1, or SHAP's last one, if just one is as long as there are
    classes."""
    count = len(reading.classes)
    bare = _bare(values)
    fitting = [axis for axis in (0, bare.ndim - 1) if bare.ndim > 2 and bare.shape[axis] == count]
    if len(fitting) != 1:
        raise ExplainerError(
            f"{name}: an array of {_shape(values)}, and {count} classes are named",
            "save classes×height×width, with as many classes as --classes names"
            if not fitting
            else "the first or the last axis could be the classes: save them first, one array for "
            "each answer",
        )
    if bare.ndim == 3 and reading.channels is not None:
        raise ExplainerError(
            f"{name}: an array of {_shape(values)} holds {count} answers or channels, not both",
            "leave out --channels if these are maps of answers, or leave out --classes",
        )
    for place, answer in enumerate(reading.classes):
        yield answer, np.take(bare, place, axis=fitting[0])


def _one(values: Array, reading: Reading, name: str) -> Array:
    """One number for each place."""
    bare = _bare(values)
    if bare.ndim == 2:
        return bare
    if bare.ndim != 3:
        raise ExplainerError(
            f"{name}: an array of {_shape(values)}",
            "save height×width, or channels×height×width; of several answers name each by "
            "--classes",
        )
    channels = np.moveaxis(bare, _channel_axis(bare, reading, name), 0)
    if reading.channels is None:
        raise ExplainerError(
            f"{name}: {len(channels)} channels, an array of {_shape(values)}",
            f"say how they become one number, as --channels {' or '.join(JOIN)}",
        )
    joined: Array = JOIN[reading.channels](channels).astype(np.float32)
    return joined


def _channel_axis(values: Array, reading: Reading, name: str) -> int:
    fitting = [axis for axis in (0, 2) if values.shape[axis] in CHANNELS]
    if reading.axis is not None:
        said = {"first": 0, "last": 2}[reading.axis]
        if fitting and said not in fitting:
            raise ExplainerError(
                f"{name}: an array of {_shape(values)}, whose {reading.axis} axis is not that of "
                f"{values.shape[fitting[0]]} channels",
                "say the other --axis",
            )
        return said
    if len(fitting) != 1:
        what = "either end could be the channels" if fitting else "no axis is that of 3 channels"
        raise ExplainerError(
            f"{name}: an array of {_shape(values)}, of which {what}",
            "say --axis first or --axis last; if these are several answers, name each by --classes",
        )
    return fitting[0]


def _bare(values: Array) -> Array:
    """Without axes of length 1 at the front, as of a batch of one, and at the back."""
    while values.ndim > 2 and values.shape[0] == 1:
        values = values[0]
    while values.ndim > 2 and values.shape[-1] == 1:
        values = values[..., 0]
    return values


def _signed(values: Array, reading: Reading, name: str) -> Array:
    if reading.signs == "positive":
        values = np.maximum(values, 0)
    if not values.size or values.min() == values.max():
        told = " above 0" if reading.signs == "positive" and 0 in values else ""
        raise ExplainerError(
            f"{name}: its map has no two different values{told}",
            "leave its photo out, or say --signs signed"
            if told
            else "make it again, or leave its photo out",
        )
    return values


def _shape(values: Array) -> str:
    return "×".join(map(str, values.shape))


def _file_name(photo: str, answer: str) -> str:
    """A flat name that no other photo and answer has."""
    told = f"{photo} {answer}" if answer else photo
    kept = "".join(letter if letter.isalnum() or letter in "-." else "_" for letter in told)
    return f"{kept[:80]}-{store.name_digest(told)}.npy"


def _npy(values: Array) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, np.ascontiguousarray(values, np.float32), allow_pickle=False)
    return out.getvalue()


def _row(photo: str, answer: str, network: str, file: str) -> dict[str, str]:
    row = {"photo": photo, "network": network, "answer": answer, "file": file}
    return {key: value for key, value in row.items() if value}


def _save_manifest(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [*rows[0]])
    writer.writeheader()
    writer.writerows(rows)
    store.save_bytes(path, text.getvalue().encode("utf-8"))


IMPORT_MAPS = Command(
    "import-maps",
    "turn arrays of captum, SHAP, LIME, Quantus or pytorch-grad-cam into maps that a study imports",
    run,
    arguments,
)
