"""One row a person, for SPSS, jamovi and spreadsheets: each person's mean under each method, and
their answers to what was asked once, with the words of every answer."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from studyapp.analyses.answers import NOT_THERE
from studyapp.analyses.frames import folder_frame
from studyapp.analyses.tables import PARTICIPATIONS
from studyapp.analyses.tidy import Tidy
from studyapp.shelf.spreadsheets import inert
from studyapp.studies.definition.asking import AskedQuestion, asked_questions
from studyapp.studies.definition.study import stored_definition

from .labelled import Variable, write_labelled

FOLDER = "wide"
PEOPLE = ("arm", "language", "device_class")
OUTCOMES = {"score": "Mean score", "correct": "Share of right answers", "value": "Mean"}
NOT_STORED = re.compile(r"\W+", re.ASCII)
LONGEST = 56


@dataclass
class Wide:
    """Columns that are gathered one by one, each with a name that all programs take. `index`: the
    people, by their pseudonym."""

    index: "pd.Index[Any]"
    columns: dict[str, "pd.Series[Any]"] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)

    def add(self, name: str, cells: "pd.Series[Any]", variable: Variable) -> None:
        """A column for the people; those without a cell have none."""
        given, found = self._free(name), cells.reindex(self.index)
        if pd.api.types.is_float_dtype(found) and (found.dropna() % 1 == 0).all():
            found = found.astype("Int64")
        self.columns[given] = found
        self.variables[given] = variable

    def frame(self) -> pd.DataFrame:
        people = pd.Series(self.index, index=self.index)
        frame = pd.DataFrame({"participant_id": people, **self.columns}, index=self.index)
        return frame.reset_index(drop=True)

    def _free(self, name: str) -> str:
        """Letters, digits and _, a letter first, at most 64; two of one spelling are numbered."""
        plain = NOT_STORED.sub("_", name).strip("_").lower()
        plain = (plain if plain[:1].isalpha() else f"q_{plain}")[:LONGEST].rstrip("_")
        taken = {"participant_id", *self.columns}
        others = (f"{plain}_{number}" for number in range(2, 10_000))
        return next(one for one in (plain, *others) if one not in taken)


def write_wide(bundle: Path, tidies: list[Tidy]) -> None:
    """wide/PARADIGM.csv and .sav for each paradigm, of the people who are analysed, and
    wide/people.csv and .sav with the columns of all where there are several.

    The CSV files begin with a byte order mark, by which Excel knows UTF-8.
    """
    folder = bundle / FOLDER
    folder.mkdir()
    people = folder_frame(PARTICIPATIONS, bundle, ["participant_id", *PEOPLE])
    people = people.set_index("participant_id")
    tables = {tidy.paradigm: wide_table(tidy, people) for tidy in tidies}
    if len(tables) > 1:
        tables["people"] = _together(tables, people)
    codebook = []
    for name, wide in tables.items():
        frame, path = wide.frame(), folder / f"{name}.csv"
        text = frame.map(lambda cell: inert(cell) if isinstance(cell, str) else cell)
        text.to_csv(path, index=False, lineterminator="\n", encoding="utf-8-sig")
        write_labelled(frame, wide.variables, path.with_suffix(".sav"))
        codebook += [
            [path.name, column, one.label, "; ".join(f"{k} = {v}" for k, v in one.levels.items())]
            for column, one in wide.variables.items()
        ]
    table = pd.DataFrame(codebook, columns=["file", "column", "description", "levels"])
    table = table.map(inert)
    table.to_csv(folder / "columns.csv", index=False, lineterminator="\n", encoding="utf-8-sig")


def _together(tables: Mapping[str, Wide], people: pd.DataFrame) -> Wide:
    """Everybody whom any of the tables has, with the columns of all."""
    known = dict.fromkeys(one for wide in tables.values() for one in wide.index)
    found = _about(pd.Index(list(known), dtype=object), people)
    for name, wide in tables.items():
        for column, variable in wide.variables.items():
            if column not in PEOPLE:
                found.add(f"{name}_{column}", wide.columns[column], variable)
    return found


def _about(index: "pd.Index[Any]", people: pd.DataFrame) -> Wide:
    """A table of these people with what is known of each."""
    wide = Wide(index)
    for name in PEOPLE:
        label = next(one.description for one in PARTICIPATIONS.columns if one.name == name)
        wide.add(name, people[name], Variable(label))
    return wide


def wide_table(tidy: Tidy, people: pd.DataFrame) -> Wide:
    """people: arm, language and device of each pseudonym."""
    answers = tidy.answers if tidy.answers is not None else pd.DataFrame()
    known = [*tidy.answered["participant"], *answers.get("participant", [])]
    wide = _about(pd.Index(list(dict.fromkeys(known)), dtype=object), people)
    definition = stored_definition(tidy.definition) if tidy.definition else None
    asked = asked_questions(definition) if definition is not None else []
    _add_outcomes(wide, tidy, {one.question.name: one.words for one in asked})
    for stage, one, rows in _questions(answers, asked, tidy):
        _add_question(wide, stage, one, rows)
    return wide


def _add_outcomes(wide: Wide, tidy: Tidy, words: Mapping[str, str]) -> None:
    """Two columns a method: the person's mean, and of how many answers."""
    scales = tidy.scale_names()
    for method in tidy.methods():
        cells = tidy.frame[tidy.frame["method"] == method].groupby("participant")[tidy.outcome]
        said = words.get(scales.get(method, ""))
        label = f"{OUTCOMES[tidy.outcome]}: {method}{f' ({said})' if said else ''}"
        wide.add(f"{tidy.outcome}_{method}", cells.mean(), Variable(label))
        counts = cells.size().reindex(wide.index, fill_value=0)
        wide.add(f"n_{method}", counts, Variable(f"Answers: {method}"))


def _questions(
    answers: pd.DataFrame, known: Sequence[AskedQuestion], tidy: Tidy
) -> Iterator[tuple[str, AskedQuestion, pd.DataFrame]]:
    """Every question that was answered, stage by stage, but for what has the outcome already: a
    scored answer, or a statement that is a scale of its own and was rated more than once."""
    scales = set(tidy.scale_names().values())
    for asked in known if len(answers) else ():
        name = asked.question.name
        own = answers[(answers["block"] == asked.block.name) & (answers["question"] == name)]
        if name == "value" and tidy.outcome in ("score", "correct"):
            continue
        for stage, rows in own.groupby("stage", sort=True):
            if name not in scales or not rows["participant"].duplicated().any():
                yield str(stage), asked, rows


def _add_question(wide: Wide, stage: str, asked: AskedQuestion, rows: pd.DataFrame) -> None:
    """One column where nobody was asked twice; else the mean under each method."""
    name = "_".join(filter(None, (
        asked.block.name, "first" if stage == "first" else "", asked.question.name,
    )))  # fmt: skip
    words = f"Words written: {asked.words}" if asked.is_text else asked.words
    if asked.question.kind in ("point", "region"):
        return  # places, which stand in the long table alone
    once = not rows["participant"].duplicated().any()
    if asked.question.kind == "several":
        if once:
            _add_choices(wide, name, words, asked, rows)
        return
    if once:
        found = rows.set_index("participant")
        levels = {int(value): told for value, told in asked.levels.items()}
        declined = found.index[found["declined"].astype(bool)]
        variable = Variable(words, levels, asked.question.decline or "", tuple(declined))
        wide.add(name, found["value"], variable)
        return
    for method, own in rows.groupby("method", sort=True):
        cells = own.groupby("participant")["value"].mean()
        wide.add(f"{name}_{method}", cells, Variable(f"Mean ({method}): {words}"))


def _add_choices(
    wide: Wide, name: str, words: str, asked: AskedQuestion, rows: pd.DataFrame
) -> None:
    """Of several choices a column each: 1 chosen, 0 not."""
    chosen = rows.set_index("participant")["chosen"]
    declined = rows.set_index("participant")["declined"].astype(bool)
    there = chosen[~declined & chosen.map(lambda one: one != NOT_THERE).astype(bool)]
    for value, told in asked.levels.items():
        cells = there.map(lambda one, level=int(value): float(level in one))
        levels: Mapping[int, str] = {0: "not chosen", 1: "chosen"}
        wide.add(f"{name}_{value}", cells, Variable(f"{words} – {told}", levels))
