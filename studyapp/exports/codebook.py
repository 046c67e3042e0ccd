"""What every column means: as a table beside the data, and as the data dictionary in docs/."""

import csv
import io
import json
from collections.abc import Iterator, Sequence

from studyapp.analyses.tables import TABLES, Column, Table
from studyapp.paradigms.questions import DECLINED, NOT_ASKED
from studyapp.studies.definition.asking import AskedQuestion

HEADER = ("table", "column", "kind", "description", "shown", "unit", "levels")
KINDS = {
    "text": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "datetime": "time, ISO 8601 in UTC with Z",
    "json": "JSON",
}
ANSWERS = "answers"
# What is stored of an answer to each kind of question, and its unit
ANSWER_KINDS = {
    "choice": ("whole number", ""),
    "seen": ("whole number", ""),
    "text": ("text", "words"),
    "number": ("number", ""),
    "slider": ("whole number", ""),
    "several": ("JSON list of whole numbers", ""),
    "point": ("JSON", "fractions of width and height from the top left corner"),
    "region": (
        "JSON",
        "fractions of width and height from the top left corner, or cells of a grid",
    ),
}
INTRODUCTION = """\
# Data dictionary

Every column of every table of an export. This page is written by
`manage.py export --dictionary docs/data-dictionary.md` from the structure that also writes the
tables, and a test compares the two.

One row of *judgments* is one answer. *Stored* is what the file holds and *shown* is what the person
saw; the two differ wherever an answer is scored or a side is hidden. An empty cell is a missing
value. Text that a spreadsheet would run as a formula (it begins with `=` `+` `-` `@`, a tab or CR),
and text that begins with `'`, has one `'` in front; numbers are left as they are, so −2 stays a
number.
"""


def codebook_csv(tables: Sequence[Table] = TABLES, asked: Sequence[AskedQuestion] = ()) -> bytes:
    """The codebook as CSV: one row a column of a table, then one row a question that was asked."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for table in tables:
        writer.writerows(
            [table.name, one.name, one.kind, one.description, one.shown, one.unit, levels_text(one)]
            for one in table.columns
        )
    for one in asked:
        writer.writerow([ANSWERS, f"{one.block.name}/{one.question.name}", *_answer_facts(one)])
    return text.getvalue().encode()


def dictionary_markdown() -> str:
    """docs/data-dictionary.md."""
    return "\n".join([INTRODUCTION, *(line for table in TABLES for line in _section(table))])


def levels_text(column: Column) -> str:
    return "; ".join(f"{value} = {meaning}" for value, meaning in column.levels.items())


def _answer_facts(asked: AskedQuestion) -> list[str]:
    """Where the answer to a question is stored, and what each number in it means."""
    question = asked.question
    where = "column “value”" if question.name == "value" else f"further_answers.{question.name}"
    kind, unit = ANSWER_KINDS[question.kind]
    if question.kind == "number" and not question.decimals:
        kind = KINDS["integer"]
    if asked.is_text:
        where += ".words; the text itself is in data, in the private version only"
    declined = {json.dumps(DECLINED): question.decline} if question.decline else {}
    known = asked.levels | asked.end_words | declined
    if (condition := question.only_if) is not None:
        why = f"{condition.name} was not answered with {' or '.join(condition.answers)}"
        known |= {json.dumps(NOT_ASKED): f"not asked, because {why}"}
    levels = "; ".join(f"{value} = {words}" for value, words in known.items())
    stored = f"Asked in block {asked.block.name} ({asked.block.paradigm}); judgments, {where}."
    return [kind, stored, asked.words, question.unit or unit, levels]


def _section(table: Table) -> Iterator[str]:
    yield f"## {table.name}\n\n{table.description}\n"
    yield "| column | what is stored | kind, unit | shown to the person |\n|---|---|---|---|"
    for column in table.columns:
        levels = f" Levels: {levels_text(column)}." if column.levels else ""
        kind = f"{KINDS[column.kind]}, {column.unit}" if column.unit else KINDS[column.kind]
        yield f"| `{column.name}` | {column.description}{levels} | {kind} | {column.shown} |"
    yield ""
