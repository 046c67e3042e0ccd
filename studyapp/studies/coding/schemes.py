"""Coding schemes: made, edited until they are in use, and then followed by a new version."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max

from studyapp.models import CodingScheme, SchemeCode, Study
from studyapp.shelf.spreadsheets import inert, read_back
from studyapp.studies.definition.asking import AskedQuestion, asked_questions
from studyapp.studies.definition.study import study_definition

MOST_CODES = 60
LONGEST_NAME, LONGEST_WORDS = 60, 2000
COLUMNS = ("name", "definition", "example")


class SchemeError(Exception):
    """Codes that can't be used: one sentence with the fix."""


@dataclass(frozen=True)
class CodeWords:
    """A code as it is written: its name, what it means, and an answer that has it."""

    name: str
    definition: str
    example: str = ""


def open_questions(study: Study) -> list[AskedQuestion]:
    """The questions of a study that are answered in people's own words."""
    return [one for one in asked_questions(study_definition(study)) if one.is_text]


def question_words(scheme: CodingScheme) -> str:
    """What was asked; empty where the study file no longer asks it."""
    for one in open_questions(scheme.study):
        if (one.block.name, one.question.name) == (scheme.block, scheme.question):
            return one.words
    return ""


@transaction.atomic
def new_scheme(study: Study, block: str, question: str, *, by: Any = None) -> CodingScheme:
    """The next version of a question's scheme, with the codes of the latest one.

    Raises SchemeError for a question that the study does not ask, and where the latest version
    is not in use yet.
    """
    asked = {(one.block.name, one.question.name) for one in open_questions(study)}
    if (block, question) not in asked:
        raise SchemeError(f"the study asks no open question {block}/{question}; choose one of its")
    Study.objects.select_for_update().get(pk=study.pk)
    own = CodingScheme.objects.filter(study=study, block=block, question=question)
    latest = own.order_by("-version").first()
    if latest is not None and not is_in_use(latest):
        raise SchemeError(f"{latest} is not in use yet: edit it instead")
    scheme = CodingScheme.objects.create(
        study=study,
        block=block,
        question=question,
        version=1 + (own.aggregate(last=Max("version"))["last"] or 0),
        is_exclusive=latest.is_exclusive if latest is not None else True,
        is_public=latest.is_public if latest is not None else False,
        made_by=by,
    )
    if latest is not None:
        _write(scheme, codes_of(latest))
    return scheme


def is_in_use(scheme: CodingScheme) -> bool:
    """Whether coding by it has begun, so that its codes stay as they are."""
    return scheme.rounds.exists()


def codes_of(scheme: CodingScheme) -> list[CodeWords]:
    rows = scheme.codes.order_by("position")
    return [CodeWords(one.name, one.definition, one.example) for one in rows]


@transaction.atomic
def save_codes(scheme: CodingScheme, codes: Sequence[CodeWords], *, is_exclusive: bool) -> None:
    """Put `codes` in place of the scheme's; SchemeError where it is in use or they can't be."""
    scheme = CodingScheme.objects.select_for_update().get(pk=scheme.pk)
    if is_in_use(scheme):
        raise SchemeError(f"coding by {scheme} has begun: make a new version instead")
    if complaint := flaw(codes):
        raise SchemeError(complaint)
    scheme.is_exclusive = is_exclusive
    scheme.save(update_fields=["is_exclusive"])
    scheme.codes.all().delete()
    _write(scheme, codes)


def flaw(codes: Sequence[CodeWords]) -> str:
    """What is wrong with a list of codes, in a sentence; empty where nothing is."""
    if len(codes) > MOST_CODES:
        return f"there are {len(codes)} codes; {MOST_CODES} are the most that coders can tell apart"
    seen: set[str] = set()
    for number, one in enumerate(codes, 1):
        if not one.name:
            return f"code {number} has no name; give it one, or remove it"
        if len(one.name) > LONGEST_NAME:
            return f"the name of code {number} is longer than {LONGEST_NAME} characters; shorten it"
        if one.name.casefold() in seen:
            return f"two codes are called “{one.name}”; rename one of them"
        if not one.definition:
            return f"“{one.name}” has no definition; say when it applies"
        if max(len(one.definition), len(one.example)) > LONGEST_WORDS:
            return f"the words of “{one.name}” exceed {LONGEST_WORDS} characters; shorten them"
        seen.add(one.name.casefold())
    return ""


def codes_as_csv(codes: Sequence[CodeWords]) -> bytes:
    """The codes as CSV that spreadsheets open, with no cell that they would run."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([inert(words) for words in asdict(one).values()] for one in codes)
    return text.getvalue().encode()


def codes_from_csv(content: bytes) -> list[CodeWords]:
    """The codes of a CSV file (comma, semicolon or tab); SchemeError where it can't be read."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SchemeError("the file is not UTF-8; save it as “CSV UTF-8”") from error
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        names = [str(name).strip().lower() for name in rows.fieldnames or []]
        if "name" not in names or "definition" not in names:
            raise SchemeError(
                "the file needs the columns name and definition, and may have example; its first "
                f"line has {', '.join(names) or 'nothing'}"
            )
        rows.fieldnames = names
        found = [_code_of(row) for row in rows]
    except csv.Error as error:
        raise SchemeError(f"the file is no CSV: {error}; save it again as CSV") from error
    if complaint := flaw(found):
        raise SchemeError(complaint)
    return found


def _code_of(row: dict[str, Any]) -> CodeWords:
    if None in row or None in row.values():
        raise SchemeError("a line of the file has more or fewer cells than its first; correct it")
    return CodeWords(*(read_back(str(row.get(name, "")).strip()) for name in COLUMNS))


def _write(scheme: CodingScheme, codes: Sequence[CodeWords]) -> None:
    SchemeCode.objects.bulk_create(
        SchemeCode(scheme=scheme, position=place, **asdict(one))
        for place, one in enumerate(codes, 1)
    )
