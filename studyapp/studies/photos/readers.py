"""Photos and what they show, read from a folder as a study file describes it."""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from pathlib import Path
from random import Random
from typing import TypeVar

from photos import CHANNEL_ENDINGS, ENDINGS, PhotoError, is_litter
from photos.class_groups import Group, GroupError, Groups, read_groups
from photos.class_names import category_of_folder, name_key
from photos.questions import Question, photo_below
from photos.tables import TableError
from photos.turning import Box
from studyapp.models import Stimulus, StudyImage
from studyapp.sections.limits import column
from studyapp.sections.networks_and_images import ImagesSection
from studyapp.studies.definition.named_files import is_folder, no_folder

from .annotated_sets import belongs_to_set, is_annotated, photos_not_taken, without_doubt
from .cases import Cases, only_beside, read_cases, refuse_other_photos, shown_of
from .own_names import OwnNames, read_names

NAME, GROUP = column(StudyImage, "name"), column(StudyImage, "group")
CATEGORY = column(Stimulus, "category")
Item = TypeVar("Item")


class ReaderError(ValueError):
    """A folder of photos that can't be used: a sentence with the fix for everything wrong."""

    def __init__(self, *complaints: str) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = complaints


class OtherFileError(ReaderError):
    """What lies beside the photos and can't be used: a table, or a file that it names."""


@dataclass(frozen=True)
class AnnotatedCategory:
    """A category that a photo shows. `accepted`: the networks' class names that mean it;
    `boxes`: [x, y, width, height] in pixels of the photo; `others`: the answers beside it, between
    which people choose."""

    name: str
    accepted: tuple[str, ...]
    boxes: tuple[Box, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Photo:
    """A photo file, or two of them side by side (`beside`), and what networks are asked about it:
    once for each context (as `models.context_text` writes it), with what people read of it.
    `channels`: how many the file has, where it is read as it is. `further`: what they are given
    with it."""

    path: Path
    name: str
    group: str
    categories: tuple[AnnotatedCategory, ...] = field(default=())
    beside: Path | None = None
    context: str = ""
    shown: str = ""
    channels: int = 0
    further: tuple["Photo", ...] = ()


def endings(images: ImagesSection) -> Collection[str]:
    """How the names of files that are taken end."""
    return CHANNEL_ENDINGS if images.channels else ENDINGS


def read_photos(images: ImagesSection, base: Path, *, seed: int = 0) -> list[Photo]:
    """The photos that `images` takes, sorted by name, each once for every context of
    `images.cases`; `base` is the study file's folder.

    `seed` draws which ones where `images` has none of its own.
    """
    folder = (base / images.folder).resolve()
    if not is_folder(folder):
        raise ReaderError(no_folder(images.folder))
    try:
        names, groups = read_names(images.names, base), read_groups(images.groups)
    except (TableError, GroupError) as error:
        raise ReaderError(str(error)) from error
    photos = sorted(_read(images, base, names), key=lambda photo: photo.name)
    cases = _cases(images, base)
    if cases is None:  # else the answers in the table take the place of what is on the photos
        photos = [_grouped(photo, groups) for photo in photos]
    beside = only_beside(cases or {})
    photos = [photo for photo in photos if photo.name not in beside]
    if not photos:
        kinds = ", ".join(sorted(endings(images)))
        raise ReaderError(f"{images.folder} holds no photo; add some ({kinds})")
    random = Random(f"{seed if images.seed is None else images.seed}/photos")
    if images.compose == "pair":
        photos = side_by_side(photos, random)
    taken = sorted(_taken(images, photos, random), key=lambda photo: photo.name)
    asked = taken
    if cases is not None:
        asked = list(_asked(images, folder, cases, (photos, taken)))
        asked = [_grouped(photo, groups) for photo in asked]
    if complaints := [why for photo in asked for why in _unstorable(photo)] or [*_spelt(asked)]:
        raise ReaderError(*complaints)
    return asked


def _spelt(photos: Sequence[Photo]) -> Iterator[str]:
    """Categories that mean the same class, and would be told apart on pages and in tables."""
    names = dict.fromkeys(one.name for photo in photos for one in photo.categories)
    first: dict[str, str] = {}
    for name in names:
        before = first.setdefault(name_key(name), name)
        if before != name:
            yield (
                f"the categories {before} and {name} differ only in how they are written; write "
                "them the same way"
            )


def names_of_photos(images: ImagesSection, base: Path) -> list[str]:
    """The names of all photos in the folder, whether or not they are taken, in order."""
    return sorted(photo.name for photo in _read(images, base, OwnNames()))


def _grouped(photo: Photo, groups: Groups) -> Photo:
    """The photo with its categories of one group as one, under the group's name."""
    alone: list[AnnotatedCategory] = []
    boxes: dict[Group, list[Box]] = {}
    others: dict[Group, tuple[str, ...]] = {}
    for one in photo.categories:
        if (group := groups.of(one.name, one.accepted)) is None:
            alone.append(one)
        else:
            boxes.setdefault(group, []).extend(one.boxes)
            others.setdefault(group, one.others)
    joined = (
        AnnotatedCategory(group.name, group.classes, tuple(found), others[group])
        for group, found in boxes.items()
    )
    return replace(photo, categories=(*alone, *joined))


def _cases(images: ImagesSection, base: Path) -> Cases | None:
    if images.cases is None:
        return None
    try:
        return read_cases(base / images.cases, images.cases)
    except TableError as error:
        raise ReaderError(str(error)) from error


def _asked(
    images: ImagesSection, folder: Path, cases: Cases, photos: tuple[list[Photo], list[Photo]]
) -> Iterator[Photo]:
    """The photos that are taken, the second of two lists, with what is asked about each."""
    names, taken = ([photo.name for photo in some] for some in photos)
    try:
        # Before photos are missed that only a misspelt path would have named
        files = {
            question.line: [photo_below(folder, name, f"{images.cases}, {question.place}")
                       for name in question.further]
            for questions in cases.values() for question in questions
        }  # fmt: skip
        refuse_other_photos(cases, names, taken, images.cases or "")
    except TableError as error:
        raise ReaderError(str(error)) from error
    for photo in photos[1]:
        for question in cases[photo.name]:
            yield _with(photo, question, files[question.line])


def _with(photo: Photo, question: Question, files: Sequence[Path]) -> Photo:
    """A photo asked one question, whose answers take the place of what is on the photo, and given
    these files with it."""
    further = tuple(
        Photo(file, name, name, channels=photo.channels)
        for file, name in zip(files, question.further, strict=True)
    )
    asked = replace(photo, context=question.text, shown=shown_of(question), further=further)
    if not question.answers:
        return asked
    name = question.answers[0]
    boxes = [box for one in photo.categories if name_key(one.name) == name_key(name)
             for box in one.boxes]  # fmt: skip
    right = AnnotatedCategory(name, question.answers, tuple(boxes), question.others)
    return replace(asked, categories=(right,))


def once(photos: Iterable[Photo]) -> dict[str, Photo]:
    """Each photo once, by its name, whatever is asked about it."""
    return {photo.name: photo for photo in photos}


def once_with_further(photos: Iterable[Photo]) -> dict[str, Photo]:
    """Each photo once, by its name, those that stand beside others included."""
    listed = list(photos)
    return {photo.name: photo for one in listed for photo in one.further} | once(listed)


def _unstorable(photo: Photo) -> Iterator[str]:
    """What is wrong with a photo's name, group or category where no column holds it."""
    texts = [("path", photo.name, NAME), ("group", photo.group, GROUP)]
    texts += [
        ("category", name, CATEGORY) for one in photo.categories for name in (one.name, *one.others)
    ]
    for what, text, limit in texts:
        begin = text[:60].encode("utf-8", "backslashreplace").decode()
        if why := limit.complaint(text):
            yield f"{begin}…: its {what} {why}"
        # A name that is not UTF-8 on the disk holds lone surrogates.
        if "\x00" in text or text.encode(errors="ignore").decode() != text:
            yield f"{begin}: its {what} is not UTF-8 text; rename it"


def in_turns(photos: Iterable[Item], group: Callable[[Item], Hashable]) -> list[Item]:
    """One photo of every group first, then each group's second one, and so on."""
    turns: Counter[Hashable] = Counter()
    numbered = []
    for photo in photos:
        numbered.append((turns[group(photo)], photo))
        turns[group(photo)] += 1
    return [photo for _, photo in sorted(numbered, key=itemgetter(0))]


def _taken(images: ImagesSection, photos: list[Photo], random: Random) -> list[Photo]:
    """As many as are asked for, by the section's rule."""
    if images.count is None:
        return photos
    if images.count > len(photos):
        raise ReaderError(
            f"{images.folder} has {len(photos)} photos, and {images.count} are asked for; "
            "ask for fewer or add photos"
        )
    if images.select != "first":
        photos = random.sample(photos, len(photos))
    if images.select == "balanced":
        photos = in_turns(photos, lambda photo: tuple(one.name for one in photo.categories))
    return photos[: images.count]


def side_by_side(photos: list[Photo], random: Random) -> list[Photo]:
    """Pairs of photos with one category each, the two different; every photo at most once.

    The most frequent categories are paired first, so that as few photos as can be are left over.
    """
    waiting: dict[str, list[Photo]] = {}
    for photo in random.sample(photos, len(photos)):
        if len(photo.categories) == 1:
            waiting.setdefault(photo.categories[0].name, []).append(photo)
    pairs = []
    while len(waiting) >= 2:
        names = sorted(waiting, key=lambda name: (-len(waiting[name]), name))[:2]
        left, right = (waiting[name].pop() for name in random.sample(names, 2))
        name, both = f"{left.name} + {right.name}", (*left.categories, *right.categories)
        shown = tuple(AnnotatedCategory(one.name, one.accepted) for one in both)
        pairs.append(Photo(left.path, name, name, shown, right.path))
        waiting = {name: group for name, group in waiting.items() if group}
    if not pairs:
        raise ReaderError(
            '`images.compose = "pair"` needs photos of two categories, one category in each photo; '
            "add some, or remove it"
        )
    return pairs


def _read(images: ImagesSection, base: Path, names: OwnNames) -> Iterator[Photo]:
    if is_annotated(images):
        return _read_annotated(images, base, names)
    return _read_folder(images, (base / images.folder).resolve(), names)


def _read_folder(images: ImagesSection, folder: Path, names: OwnNames) -> Iterator[Photo]:
    """One category a photo, named by its sub-folder or by the file itself."""
    outside = []
    for path in _files(folder):
        if path.suffix.lower() not in endings(images):
            continue
        relative = path.relative_to(folder).as_posix()
        if images.label == "folder" and path.parent == folder:
            outside.append(relative)
        label = path.parent.name if images.label == "folder" else path.stem
        category = _named(*category_of_folder(label), names)
        yield Photo(path, relative, relative, (category,), channels=images.channels or 0)
    if outside:
        why = "is not in a class folder; move it into a sub-folder named like its class"
        raise ReaderError(*(f"{name}: {why}" for name in outside))


def _files(folder: Path) -> list[Path]:
    """The researcher's files below `folder`, in order; none that an operating system left there."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not is_litter(path.relative_to(folder))
    )


def left_out(images: ImagesSection, base: Path) -> Counter[str]:
    """Files in the folder of photos that are not taken: how many by ending, or by another reason.

    An operating system's own files are not counted.
    """
    folder = (base / images.folder).resolve()
    found: Counter[str] = Counter()
    named = None
    given = (images.names, images.cases)
    tables = [(base / name).resolve() for name in given if isinstance(name, str)]
    if is_annotated(images):
        sure, doubtful = without_doubt(images, base)
        named = {photo.path for photo in (*sure, *doubtful)}
        named |= {folder / name for name in only_beside(_cases(images, base) or {})}
        verb = "shows" if len(doubtful) == 1 else "show"
        found[f"that {verb} a class only by objects that don't count"] = len(doubtful)
    for path in _files(folder):
        if path.resolve() in tables or (named and belongs_to_set(images, base, path)):
            continue
        if path.suffix.lower() in endings(images):
            if named is not None and path.resolve() not in named:
                found[photos_not_taken(images)] += 1
        else:
            found[path.suffix.lower() or "without an ending"] += 1
    return found + _unfollowed(folder)


def _unfollowed(folder: Path) -> Counter[str]:
    """Links below `folder` that no reader follows."""
    return Counter(
        "link to a folder (put the folder itself there)" if path.is_dir() else "broken link"
        for path in folder.rglob("*")
        if path.is_symlink() and not path.is_file() and not is_litter(path.relative_to(folder))
    )


def left_out_sentence(found: Counter[str]) -> str:
    """For people: "left out: 1 .gif, 2 .txt"; empty where nothing is."""
    if not found:
        return ""
    return "left out: " + ", ".join(f"{count} {what}" for what, count in sorted(found.items()))


def _named(
    name: str,
    accepted: tuple[str, ...],
    names: OwnNames,
    boxes: tuple[Box, ...] = (),
) -> AnnotatedCategory:
    """A category under the researcher's own name for it, where there is one."""
    own = names.of(name)
    if own is None:
        return AnnotatedCategory(name, accepted, boxes)
    return AnnotatedCategory(own.shown, own.classes, boxes)


def _read_annotated(images: ImagesSection, base: Path, names: OwnNames) -> Iterator[Photo]:
    try:
        annotated, _ = without_doubt(images, base)
    except PhotoError as error:
        raise ReaderError(str(error)) from error
    for photo in annotated:
        shown = tuple(_named(one.name, one.accepted, names, one.boxes) for one in photo.things)
        yield Photo(photo.path, photo.name, photo.group, shown)
