"""What networks said of the photos, read from tables that another program wrote."""

import difflib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photos.class_names import class_names, name_key
from photos.questions import JSON, TEXT, context_in
from photos.tables import Record, TableError, records_of
from studyapp.models.study import HALF
from studyapp.paradigms import Classified
from studyapp.sections.networks_and_images import ImagesSection, NetworkSection
from studyapp.studies.definition.named_files import content_digest
from studyapp.studies.definition.study import Definition, digest_of

from .readers import CATEGORY, OtherFileError, Photo, names_of_photos
from .shortfalls import known_labels

PHOTO, ANSWER, PROBABILITY = "photo", "answer", "probability"
# As many as a prediction of a loaded network keeps
MOST_ANSWERS = 20
# Probabilities are written with few digits, and each may be rounded up
TOLERANCE = 0.01
# A case: the photo's name, and its context as rows hold it
Asked = tuple[str, str]


@dataclass(frozen=True)
class Answers:
    """What one network said. `labels`: the names of its answers, in an order that stays.

    `top`: of each photo and context [[label's number, None, probability], …] as a `Prediction` has
    them, the most probable first: a table has no logits. `sha256`: of the file.
    """

    labels: tuple[str, ...]
    top: Mapping[Asked, list[list[Any]]]
    sha256: str

    def classified(self, asked: Asked, *, is_multi_label: bool) -> Classified:
        rows = self.top[asked]
        said = sum(row[2] >= HALF for row in rows) if is_multi_label else 1
        return Classified([row[0] for row in rows], self.labels, said)

    def digest_for(self, cases: Mapping[Asked, str]) -> str:
        """What was said of which case, by its digest: the same table says otherwise of photos that
        have other names."""
        return digest_of(sorted([cases[asked], rows] for asked, rows in self.top.items()))


def read_tables(definition: Definition, photos: Sequence[Photo], base: Path) -> dict[str, Answers]:
    """The answers of each network that has a table, about `photos`, which are those that are taken.

    Networks without a file of labels have the answers of all their tables as labels, in one order,
    so that a number means the same answer in both of a pair. ReaderError tells the line and the
    fix.
    """
    tables = {name: one for name, one in definition.networks.items() if one.is_table}
    if not tables:
        return {}
    if any(one.further for one in photos):
        raise OtherFileError(
            f"`networks.{min(tables)}.predictions` names one photo in each row, and "
            "`images.cases` has further ones beside it; remove its column further, or name the "
            "network itself by builder and weights"
        )
    names = names_of_photos(definition.images, base)
    taken = [(one.name, one.context) for one in photos]
    try:
        records = {
            name: _records(section, definition.images, base) for name, section in tables.items()
        }
        free = {
            record.cells[ANSWER]
            for name, rows in records.items()
            if tables[name].labels is None
            for record in rows
        }
        _refuse_spellings(", ".join(str(one.predictions) for one in tables.values()), free)
        return {
            name: _answers(
                section,
                records[name],
                sorted(free) if section.labels is None else known_labels(section, base) or (),
                _Cases(taken, names),
                base,
            )
            for name, section in tables.items()
        }
    except TableError as error:
        raise OtherFileError(str(error)) from error


@dataclass(frozen=True)
class _Cases:
    """What is asked about the photos that are taken, and the names of all photos."""

    taken: Sequence[Asked]
    photos: Sequence[str]


def _records(section: NetworkSection, images: ImagesSection, base: Path) -> list[Record]:
    name = str(section.predictions)
    contexts = () if images.cases is None else (TEXT, JSON)
    records = records_of(base / name, name, (PHOTO, ANSWER, PROBABILITY), contexts)
    if contexts and not {*contexts} & {*records[0].cells}:
        raise TableError(
            f"{name}, line 1: `images.cases` asks several things about a photo; add the column "
            f"{TEXT} or {JSON} as that table has it"
        )
    return records


def _answers(
    section: NetworkSection,
    records: Sequence[Record],
    labels: Sequence[str],
    cases: _Cases,
    base: Path,
) -> Answers:
    name = str(section.predictions)
    sha256 = content_digest(base / name)
    if section.sha256 not in (None, sha256):
        raise TableError(
            f"{name}: its digest is not the one in `sha256`; use the right file, or write "
            f'"{sha256}"'
        )
    numbers = {label: number for number, label in enumerate(labels)}
    if len(labels) < 2 and section.labels is not None:
        raise TableError(
            f"{section.labels}: names {len(labels) or 'no'} {'answer' if labels else 'answers'}; "
            "write the names of all the network's answers, one on each line"
        )
    if len(labels) < 2:
        raise TableError(
            f"{name}: every row has the answer {labels[0]}; add the network's other answers"
        )
    top = {}
    for asked, rows in _read(records, cases).items():
        for record, _ in rows:
            _refuse_answer(record, numbers, section.labels)
            refuse_shared(record, labels)
        if section.probabilities != "sigmoid":
            _refuse_sum(rows)
        top[asked] = _in_order(rows, numbers, name)
    _refuse_missing(cases.taken, top, name)
    return Answers(tuple(labels), top, sha256)


def _read(records: Sequence[Record], cases: _Cases) -> dict[Asked, list[tuple[Record, float]]]:
    """The rows of each case that is taken, with their probabilities, each checked by itself."""
    known, taken = {*cases.photos}, {*cases.taken}
    photos = {photo for photo, _ in taken}
    lines: dict[tuple[Asked, str], int] = {}
    found: dict[Asked, list[tuple[Record, float]]] = defaultdict(list)
    for record in records:
        photo, answer = record.cells[PHOTO], record.cells[ANSWER]
        if photo not in known:
            raise TableError(
                f"{record.where}: {photo} is not among the photos; write its path in "
                f"`images.folder`, such as {cases.photos[0]}"
            )
        asked = (photo, context_in(record))
        first = lines.setdefault((asked, answer), record.line)
        if first != record.line:
            raise TableError(
                f"{record.where}: the same photo and answer as line {first}; remove one of the two"
            )
        probability = _probability(record)
        if asked in taken:
            found[asked].append((record, probability))
        elif photo in photos:
            raise not_asked(record, asked)
    return found


def not_asked(record: Record, asked: Asked) -> TableError:
    """What to say of a row about a photo that is taken, with a context that no case of it has."""
    photo, context = asked
    what = f"about the context {context}" if context else "without a context"
    return TableError(
        f"{record.where}: {photo} is not asked {what}; write the context as the table of "
        "`images.cases` has it"
    )


def _probability(record: Record) -> float:
    cell = record.cells[PROBABILITY]
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:  # nor is it NaN
        raise TableError(
            f"{record.where}: the probability is {cell}; write a number from 0 to 1, with a point, "
            "as 0.875 for 87.5 %"
        )
    return value


def _refuse_answer(record: Record, numbers: Mapping[str, int], file: str | None) -> None:
    answer = record.cells[ANSWER]
    if why := CATEGORY.complaint(answer):
        raise TableError(f"{record.where}: the answer {why}")
    if answer not in numbers:
        near = difflib.get_close_matches(answer, numbers, n=1)
        fix = f"did you mean {near[0]}?" if near else "write it as that file does, or add it there"
        raise TableError(f"{record.where}: the answer {answer} is not among {file}; {fix}")


def _refuse_spellings(name: str, answers: Iterable[str]) -> None:
    """Names that mean the same class wherever names are compared would be two answers."""
    known: dict[str, str] = {}
    for answer in sorted(answers):
        first = known.setdefault(name_key(answer), answer)
        if first != answer:
            raise TableError(
                f"{name}: the answers {first} and {answer} differ only in how they are written; "
                "write them the same way in all tables"
            )


def refuse_shared(record: Record, labels: Sequence[str]) -> None:
    """TableError for an answer whose name is that of several, so that it has no number."""
    answer = record.cells[ANSWER]
    if class_names(tuple(labels)).classes(answer):
        return
    same = [label for label in labels if name_key(label) == name_key(answer)]
    written = dict.fromkeys(same)
    told = (
        f"{answer} is the name of {len(same)} answers"
        if len(written) == 1
        else f"the answers {' and '.join(written)} differ only in how they are written"
    )
    raise TableError(
        f"{record.where}: {told}; name a file as `labels` in which each has a name of its own"
    )


def _refuse_sum(rows: Sequence[tuple[Record, float]]) -> None:
    total = sum(probability for _, probability in rows)
    if total > 1 + TOLERANCE:
        record = rows[0][0]
        raise TableError(
            f"{record.where}: the probabilities of {record.cells[PHOTO]} add up to {total:.3g}; "
            'give shares of 1 (by softmax), or say probabilities = "sigmoid" where a photo may '
            "have several answers"
        )


def _in_order(
    rows: Sequence[tuple[Record, float]], numbers: Mapping[str, int], name: str
) -> list[list[Any]]:
    """As `Prediction.top`; of equal ones that come later the first label comes first."""
    order = sorted(rows, key=lambda row: (-row[1], numbers[row[0].cells[ANSWER]]))
    if len(order) > 1 and order[0][1] == order[1][1]:
        probability = order[0][1]
        first, second = sorted((row[0] for row in order[:2]), key=lambda one: one.line)
        raise TableError(
            f"{name}, lines {first.line} and {second.line}: {first.cells[ANSWER]} and "
            f"{second.cells[ANSWER]} are equally probable for {first.cells[PHOTO]} "
            f"({probability:g}), so that no answer is the first; give more digits"
        )
    return [[numbers[one.cells[ANSWER]], None, value] for one, value in order[:MOST_ANSWERS]]


def _refuse_missing(
    wanted: Sequence[Asked], there: Mapping[Asked, Any], name: str, most: int = 3
) -> None:
    missing = [photo for photo, context in wanted if (photo, context) not in there]
    if missing:
        more = f" and {len(missing) - most} more" if len(missing) > most else ""
        raise TableError(
            f"{name}: {', '.join(missing[:most])}{more} {'has' if len(missing) == 1 else 'have'} "
            "no row; add what the network said of each, or take the photos out of the folder"
        )


def tables_alone(definition: Definition) -> bool:
    """Whether what every network said is in a table."""
    return bool(definition.networks) and all(one.is_table for one in definition.networks.values())
