"""Names and answers of a study file that people could not tell apart."""

from collections.abc import Iterator, Sequence

from studyapp.sections.people import QuestionSection
from studyapp.shelf.spelling import told_alike

from .rules import Complaint
from .study import Definition
from .toml_lines import Path as KeyPath


def read_alike(definition: Definition) -> Iterator[Complaint]:
    """The networks' names, and answers of questions before the trials. Blocks tell of their own."""
    display = definition.display
    for why in told_alike([display.name_a, display.name_b]):
        yield (
            ("display", "name_b"),
            f"`display.name_a` and `display.name_b`: {why}; give two names that differ",
        )
    tested = definition.comprehension
    asked: dict[KeyPath, Sequence[QuestionSection]] = {("screening",): definition.screening}
    asked[("comprehension", "questions")] = tested.questions if tested is not None else []
    for path, questions in asked.items():
        for number, question in enumerate(questions):
            for why in told_alike(question.answers):
                yield (
                    (*path, number, "answers"),
                    f"`{'.'.join(map(str, path))}.answers`: {why}; word them differently",
                )
