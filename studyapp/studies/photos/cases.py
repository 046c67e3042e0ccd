"""The questions of the table that `images.cases` names, as a study can show and ask them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import NoneType

from photos.questions import JSON, SHOWN, Question, read_questions
from photos.tables import TableError
from studyapp.models import StudyImage
from studyapp.sections.limits import column

Cases = Mapping[str, Sequence[Question]]
SHOWN_TEXT = column(StudyImage, "shown")


def read_cases(path: Path, name: str) -> Cases:
    """The questions of each photo, by its name; TableError with the line and the fix."""
    cases = read_questions(path, name)
    for question in (one for questions in cases.values() for one in questions):
        if question.shown is None and not isinstance(question.context, (str, NoneType)):
            raise TableError(
                f"{name}, line 1: add a column {SHOWN} with what people read above the picture (a "
                f"cell may be empty), because {JSON} is for the network alone"
            )
        if why := SHOWN_TEXT.complaint(shown_of(question)):
            fix = f"; add a column {SHOWN} with what people read" if question.shown is None else ""
            raise TableError(f"{name}, {question.place}: what people read {why}{fix}")
    return cases


def shown_of(question: Question) -> str:
    """What people read of it: the question itself where the table does not say."""
    return str(question.context or "") if question.shown is None else question.shown


def only_beside(cases: Cases) -> set[str]:
    """Photos that the table names beside others, and about which it asks nothing."""
    questions = (one for questions in cases.values() for one in questions)
    return {name for one in questions for name in one.further} - set(cases)


def refuse_other_photos(
    cases: Cases, photos: Sequence[str], taken: Sequence[str], name: str
) -> None:
    """TableError where the table names a photo that is not there, or lacks one that is taken."""
    there = set(photos)
    for photo, questions in cases.items():
        if photo not in there:
            raise TableError(
                f"{name}, {questions[0].place}: {photo} is not among the photos; write its "
                f"path in `images.folder`, such as {photos[0]}"
            )
    if missing := [photo for photo in taken if photo not in cases]:
        what = "caption" if name.lower().endswith(".json") else "row"
        raise TableError(
            f"{name}: {_listed(missing)} {'has' if len(missing) == 1 else 'have'} no {what}; add a "
            f"{what} for each photo, or take the others out of the folder"
        )


def _listed(names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
