"""Photos to train with and to test on: folders of class folders, or photos with annotations."""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explainer.errors import ExplainerError, did_you_mean
from photos import ENDINGS, AnnotatedPhoto, PhotoError, is_litter, read_coco, read_voc

ANNOTATIONS = ("instances.json", "annotations.json")
VOC = "Annotations"


@dataclass(frozen=True)
class Example:
    """A photo file, its name in its set, its group (photos that are alike), and its classes.

    `own_group`: whether somebody said which photos are alike. `digest`: SHA-256 of the file.
    `doubtful`: classes that are not judged, as of VOC's difficult objects.
    """

    path: Path
    name: str
    group: str
    classes: frozenset[str]
    digest: str
    own_group: bool = False
    doubtful: frozenset[str] = frozenset()


@dataclass(frozen=True)
class PhotoSet:
    """Photos, and the names of the classes in the order of the network's outputs."""

    classes: tuple[str, ...]
    photos: tuple[Example, ...]

    def shown(self, photos: Sequence[Example]) -> NDArray[np.int64]:
        """N×classes: 1 where the photo shows the class, −1 where that is not judged, else 0."""
        return np.array(
            [
                [int(name in one.classes) or -int(name in one.doubtful) for name in self.classes]
                for one in photos
            ]
        )

    def digest(self) -> str:
        """SHA-256 of the classes and of every photo with its name, group and classes."""
        rows = [
            [one.name, one.digest, one.group, sorted(one.classes), sorted(one.doubtful)]
            for one in self.photos
        ]
        return hashlib.sha256(json.dumps([self.classes, rows]).encode()).hexdigest()


def read_set(source: Path, *, several: bool, part: str | None = None) -> PhotoSet:
    """The photos of a folder with one folder per class, of a COCO instances file or its folder, or
    of a folder in VOC's layout, of which `part` names a split.

    In a class's folder, photos of one sub-folder are a group. `several`: a photo may show several
    classes, or none. ExplainerError for what can't be trained with.
    """
    file = annotations_in(source)
    if part is not None and (file is None or file.name != VOC):
        raise ExplainerError(
            f"{source} has no split “{part}”", "name splits of a folder in VOC's layout alone"
        )
    found = _annotated(file, part) if file else _of_folders(source)
    if not several:
        _refuse_several(found)
    names = sorted({name for one in found for name in one.classes})
    if len(names) < 2:
        raise ExplainerError(
            f"the photos of {source} show {'one class' if names else 'no class'}",
            "give photos of two classes or more",
        )
    for name in names:
        if not _is_line(name):
            raise ExplainerError(f"the class {name!r} is no single line of text", "rename it")
    return PhotoSet(tuple(names), tuple(_joined(found, several=several)))


def _is_line(name: str) -> bool:
    """Whether a file with one class per line gives the name back."""
    is_text = name.encode(errors="ignore").decode() == name  # no bytes of a folder's name
    return is_text and name.strip() == name and name.splitlines() == [name]


def annotations_in(source: Path) -> Path | None:
    """The annotations that are named, or lie in the folder: a file, or VOC's folder of them. None
    of a folder of class folders."""
    if source.is_file():
        return source
    if not source.is_dir():
        raise ExplainerError(f"{source} is not there", "name a folder of class folders or a file")
    files = (source / name for name in ANNOTATIONS if (source / name).is_file())
    return next(files, source / VOC if (source / VOC).is_dir() else None)


def _annotated(file: Path, part: str | None) -> list[Example]:
    try:
        is_voc = file.name == VOC
        photos = read_voc(file.parent, part) if is_voc else read_coco(file)
        return [_example(photo) for photo in photos]
    except PhotoError as error:
        raise ExplainerError(f"{error.name}: {error.reason}", error.fix) from error


def _example(photo: AnnotatedPhoto) -> Example:
    classes = frozenset(one.name for one in photo.things)
    is_own = photo.group != photo.name
    digest, doubtful = _digest(photo.path), frozenset(photo.doubtful)
    return Example(photo.path, photo.name, photo.group, classes, digest, is_own, doubtful)


def _of_folders(source: Path) -> list[Example]:
    folders = sorted(one for one in source.iterdir() if one.is_dir() and not is_litter(one.name))
    if not folders:
        raise ExplainerError(
            f"{source} holds no folders", "put the photos of each class into a folder of its name"
        )
    return [one for folder in folders for one in _of_class(source, folder)]


def _of_class(source: Path, folder: Path) -> list[Example]:
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    inside = [path for path in files if not is_litter(path.relative_to(source))]
    if not inside:
        raise ExplainerError(f"the folder {folder} holds no photos", "add some, or remove it")
    examples = []
    for path in inside:
        below = path.relative_to(folder).parts
        group = f"{folder.name}/{below[0]}"
        name = path.relative_to(source).as_posix()
        classes = frozenset([folder.name])
        examples.append(Example(path, name, group, classes, _digest(path), len(below) > 1))
    return examples


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ExplainerError(
            f"{path} can't be read ({error.strerror})", "check its permissions"
        ) from error


def _refuse_several(photos: Iterable[Example]) -> None:
    for one in photos:
        if len(one.classes) != 1:
            shows = " and ".join(sorted(one.classes)) or "no class"
            raise ExplainerError(
                f"{one.name} shows {shows}",
                "train with --probabilities sigmoid, or keep photos of exactly one class each",
            )


def _joined(photos: Sequence[Example], *, several: bool) -> list[Example]:
    """The same, where files with the same bytes are in one group, whatever they are called."""
    first: dict[str, Example] = {}
    joined: dict[str, str] = {}  # a group → the one that it was put together with

    def root(group: str) -> str:
        while group in joined:
            group = joined[group]
        return group

    for one in photos:
        like = first.setdefault(one.digest, one)
        if like.classes != one.classes and not several:
            raise ExplainerError(
                f"{like.name} and {one.name} are the same photo in two classes", "remove one"
            )
        if root(like.group) != root(one.group):
            joined[root(one.group)] = root(like.group)
    return [replace(one, group=root(one.group)) for one in photos]


def refuse_overlap(training: PhotoSet, test: PhotoSet) -> None:
    """ExplainerError where the test set has classes of its own, or photos that are trained with."""
    strange = [name for name in test.classes if name not in training.classes]
    if strange:
        raise ExplainerError(
            f"the test photos show “{strange[0]}”, which is not trained",
            did_you_mean(strange[0], training.classes),
        )
    digests = {one.digest: one.name for one in training.photos}
    groups = {one.group for one in training.photos if one.own_group}
    for one in test.photos:
        if one.digest in digests:
            raise ExplainerError(
                f"{digests[one.digest]} is in the training photos and, as {one.name}, in the test "
                "photos",
                "remove it from one of them",
            )
        if one.own_group and one.group in groups:
            raise ExplainerError(
                f"the group “{one.group}” is in the training photos and in the test photos",
                "keep all photos of a group in one of them",
            )


def split(photos: PhotoSet, share: float, seed: int) -> tuple[list[Example], list[Example]]:
    """Photos to train with, and held-out ones: about `share` of each class's groups.

    A group is never divided. The rarest class is served first; groups that show nothing come last.
    """
    if not 0 < share < 1:
        raise ExplainerError(f"--held-out {share:g}", "use a share between 0 and 1, such as 0.25")
    chance = np.random.default_rng(seed)
    shown: dict[str, set[str]] = {}
    for one in photos.photos:
        shown.setdefault(one.group, set()).update(one.classes)
    side: dict[str, bool] = {}  # whether a group is held out
    counts = {name: sum(name in of for of in shown.values()) for name in photos.classes}
    for name in sorted(photos.classes, key=lambda name: (counts[name], name)):
        own = [group for group in sorted(shown) if name in shown[group]]
        _divide(own, side, share, chance)
    _divide([group for group in sorted(shown) if not shown[group]], side, share, chance)
    _refuse_one_sided(photos, side)
    kept = [one for one in photos.photos if not side[one.group]]
    return kept, [one for one in photos.photos if side[one.group]]


def _divide(
    groups: Sequence[str], side: dict[str, bool], share: float, chance: np.random.Generator
) -> None:
    """Say of each group on which side it is, so that `share` of them are held out: one at least,
    and not all."""
    if not groups:
        return
    wanted = min(max(1, round(share * len(groups))), max(1, len(groups) - 1))
    free = [group for group in groups if group not in side]
    missing = wanted - sum(side.get(group, False) for group in groups)
    chance.shuffle(free)
    for place, group in enumerate(free):
        side[group] = place < missing


def _refuse_one_sided(photos: PhotoSet, side: dict[str, bool]) -> None:
    for name in photos.classes:
        own = [one for one in photos.photos if name in one.classes]
        sides = {side[one.group] for one in own}
        if len(sides) == 2:
            continue
        groups = len({one.group for one in own})
        if groups == 1:
            raise ExplainerError(
                f"“{name}” has {_photos(own)} of one group, which can't be both trained with and "
                "held out",
                "add photos of another group, or remove the class",
            )
        raise ExplainerError(
            f"all {groups} groups with “{name}” are on one side of the split",
            "take another --seed, or name held-out photos of your own with --test",
        )


def _photos(some: Collection[Example]) -> str:
    return f"{len(some)} photo{'s' * (len(some) != 1)}"
