"""How the answers to each kind of question are analysed, in modules that are loaded on first use.

A web process asks questions and analyses none: it never imports these modules, nor pandas.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import pandas as pd

from studyapp.paradigms import PARADIGMS

from .base import Paradigm
from .measures import Measure, by_outcome, by_value, unscored
from .tabulation import Heat, Spread, Table

Frame = pd.DataFrame
BINARY = (0, 1)
LIKERT = (1, 2, 3, 4, 5)
SIDES = ("A", "B")
Levels = tuple[float, ...] | tuple[str, ...] | None
# (frame, methods with the reference first, seed) → what JSON can hold; what can't be said is None
Results = Callable[[Frame, list[str], int], dict[str, Any]]


@dataclass(frozen=True)
class InputSchema:
    """A table from elsewhere, beside its columns participant, image and method.

    needed, optional: columns, with the numbers that may stand there; empty: any label, None:
    any number; SIDES: A or B, in either case. outcome: the frame's outcome column, made of the
    others. is_share: whether it is 1 for right and 0 for wrong. chance: of being right. null: what
    a mean is tested against; None for no test. bounds: of a value, where they are known. rows:
    makes the frame that is analysed, where it has other rows than the table. outcome_of: the needed
    columns that make the outcome, where not all do. answer: the column of what was answered, which
    counts also in rows that have no outcome; counts_in: in what, by its name in a note.
    complaint: what is wrong with a label of a column, if anything. docs/statistics.md tells each
    column.
    """

    needed: Mapping[str, Levels]
    outcome: Callable[[Frame], "pd.Series[Any]"]
    is_share: bool = True
    optional: Mapping[str, Levels] = field(default_factory=dict)
    chance: float = 0.5
    null: float | None = None
    bounds: tuple[float, float] | None = None
    rows: Callable[[Frame], Frame] = lambda frame: frame
    outcome_of: tuple[str, ...] = ()
    answer: str = ""
    counts_in: str = "the agreement among people"
    complaint: Callable[[str, str], str] = lambda column, label: ""


VALUES = InputSchema({"value": None}, outcome=lambda frame: frame["value"], is_share=False)


@dataclass(frozen=True)
class Analysis:
    """How one paradigm's answers are analysed.

    measure: what a study's own rows give the analysis.
    schemas: the tables from elsewhere that it takes, by the name that `--paradigm` gives them;
        None: a table with the column of its outcome.
    results: what is said besides the mean of each method, under the paradigm's name; of every
        answer, also where it has no outcome.
    tables, spreads, heats: the report's tables and figures of those results.
    agreement: how much people agree, as the results tell it, where that is not the agreement of
        their outcomes; of every answer too. None for a table that does not tell what was answered.
    words: what a method's number is, where "mean" would not tell.
    """

    measure: Measure
    schemas: Mapping[str, InputSchema | None]
    results: Results | None = None
    tables: Callable[[Mapping[str, Any]], Iterable[Table]] | None = None
    spreads: Callable[[Mapping[str, Any]], Iterable[Spread]] | None = None
    heats: Callable[[Mapping[str, Any]], Iterable[Heat]] | None = None
    agreement: Callable[[Frame], dict[str, Any] | None] | None = None
    words: str = ""


def analysis_of(name: str) -> Analysis:
    """The analysis of the paradigm `name`, or of the one that takes tables called so.

    Raises KeyError if there is none.
    """
    if name in PARADIGMS:
        return declared_analysis(PARADIGMS[name])
    return next(one for one in map(declared_analysis, PARADIGMS.values()) if name in one.schemas)


def input_schemas() -> dict[str, InputSchema | None]:
    """Every table from elsewhere that can be analysed, by name, in the order of the paradigms."""
    return {
        name: schema
        for paradigm in PARADIGMS.values()
        for name, schema in declared_analysis(paradigm).schemas.items()
    }


def declared_analysis(paradigm: Paradigm) -> Analysis:
    """What the paradigm's module says; without one, shares or means by the declared outcome.

    Raises ModuleNotFoundError for a module that is not there.
    """
    if paradigm.analysis is not None:
        analysis: Analysis = import_module(paradigm.analysis).ANALYSIS
        return analysis
    if paradigm.outcome is not None:
        return Analysis(by_outcome, {paradigm.name: None})
    measure = by_value if paradigm.is_scored else unscored
    return Analysis(measure, {paradigm.name: VALUES})
