"""The one shape that every analysis takes: a row a judgment, from a study, a bundle or any CSV."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pandas as pd

from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.analysis import SIDES, InputSchema, analysis_of, input_schemas
from studyapp.paradigms.measures import Outcome, Scale, StudyTables
from studyapp.shelf.formatting import whole_percent

from .answers import answer_rows
from .coded import CodedRows, coded_rows
from .delimited import DELIMITERS, MISSING, Delimited, DelimitedError, read_delimited
from .flow import flow, standing_rules
from .moderator import Moderator
from .presentations import presented_rows
from .repeats import REPEATED, repeated_pairs
from .response_times import time_rows
from .sample import sample
from .slips import slips
from .wordings import kept_apart, labels

LEVELS: Mapping[Outcome, tuple[int, ...]] = {"score": (-2, -1, 0, 1, 2), "correct": (0, 1)}
BOUNDS: Mapping[Outcome, tuple[float, float]] = {"score": (-2, 2), "correct": (0, 1)}
# The first answer of two is made without the advice: the final one has the outcome
ANALYSED = ("main", "final", "questionnaire")
ANSWERED = (*ANALYSED, "first")
NEEDED = ("participant", "image", "method")


class TidyError(Exception):
    """A table that can't be analysed: one sentence with the fix."""


@dataclass(frozen=True)
class Tidy:
    """Judgments to be analysed.

    frame: columns participant, image, method, the outcome (whole numbers, none missing), and
        where known stronger_side, order, unit (what several people judge; else a photo under a
        method), page (of each of several rows of one judgment) and scale (methods of different
        scales are not compared).
    smallest_effect: of interest, for tests of equivalence.
    unmeasured: more rows, of answers without an outcome: such as regions whose maps were not kept.
    null: what a mean that is no share is tested against; None for no test.
    bounds: the least and the greatest value of an outcome "value", where they are known.
    about_photos: whether photos are clusters beside people. notes: what a reader must know.
    metrics: of the explainer: columns unit, method, role, metric, value.
    arrivals: people in the order in which they finished, with the moment where it is known;
        None where the plan allows no looking before the end.
    everybody: the same with those who are left out; None where nobody could be.
    left_out: whom each rule leaves out. unfinished: who is in `everybody` without having finished.
    flow: how many people got how far.
    sample: who the analysed people are, as `sample` tells it. sites: whose link each person opened,
        of a study with several sites.
    scales: of methods that are not answered on one scale, by the names in the column scale.
    levels: what an answer can score on each scale.
    answers: everything that was answered, a row an answer; definition: what asked for it.
    moderators: what the effect of methods may depend on, each with its column in the frame.
    repeated: what was asked again, as `repeated_pairs` gives it.
    presented: what pages told of their pictures, as `presented_rows` gives it.
    times: how long analysed answers took, as `time_rows` gives it; None where nothing tells.
    coded: open answers that were coded, as `coded_rows` gives them.
    evidence: of each person, as the table `evidence` tells; None where no rule flags anybody.
    """

    frame: pd.DataFrame
    paradigm: str
    outcome: Outcome
    chance: float = 0.5
    reference: str | None = None
    unmeasured: pd.DataFrame | None = None
    everybody: pd.DataFrame | None = None
    left_out: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unfinished: frozenset[str] = frozenset()
    flow: Mapping[str, Any] = field(default_factory=dict)
    sample: Mapping[str, Any] = field(default_factory=dict)
    sites: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    smallest_effect: float | None = None
    null: float | None = 0.0
    bounds: tuple[float, float] | None = None
    about_photos: bool = True
    notes: tuple[str, ...] = ()
    metrics: pd.DataFrame | None = None
    arrivals: Sequence[tuple[str, datetime | None]] | None = None
    scales: Mapping[str, Scale] = field(default_factory=dict)
    levels: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    answers: pd.DataFrame | None = None
    repeated: pd.DataFrame | None = None
    presented: Sequence[tuple[str, str, Mapping[str, Any]]] = ()
    coded: CodedRows | None = None
    definition: Mapping[str, Any] = field(default_factory=dict)
    moderators: tuple[Moderator, ...] = ()
    times: pd.DataFrame | None = None
    evidence: pd.DataFrame | None = None

    @property
    def answered(self) -> pd.DataFrame:
        """The rows of every answer, whether or not it has an outcome."""
        others = self.unmeasured
        return self.frame if others is None or others.empty else pd.concat([self.frame, others])

    def with_reference(self, name: str) -> "Tidy":
        """The same with another method to compare with; TidyError if nobody judged it."""
        known = sorted(set(self.frame["method"]))
        if name not in known:
            raise TidyError(f"no method “{name}” was judged; there are {', '.join(known)}")
        return replace(self, reference=name)

    @property
    def limits(self) -> tuple[float, float] | None:
        """The least and the greatest value that the outcome can have; None if not known."""
        return BOUNDS.get(self.outcome, self.bounds)

    def limits_of(self, method: str) -> tuple[float, float] | None:
        """The same of one method, whose scale may be another than that of the others."""
        scale = self._scale(method)
        return self.limits if scale is None else scale.bounds

    def null_of(self, method: str) -> float | None:
        """What the mean of a method is tested against; None for no test."""
        scale = self._scale(method)
        if scale is not None:
            return scale.null
        return self.chance if self.outcome == "correct" else self.null

    def levels_of(self, method: str) -> tuple[float, ...]:
        """What one answer under a method can score."""
        return self.levels.get(self.scale_names().get(method, ""), LEVELS["score"])

    def _scale(self, method: str) -> Scale | None:
        return self.scales.get(self.scale_names().get(method, ""))

    def scale_names(self) -> dict[str, str]:
        """Which scale a method is answered on, where there are several."""
        if "scale" not in self.frame.columns:
            return {}
        return dict(zip(self.frame["method"], self.frame["scale"], strict=True))

    def methods(self) -> list[str]:
        """The methods: those of the reference first, then in alphabetical order.

        Where a condition gives several methods, as one with several statements, it is the
        condition that is the reference.
        """
        of = "condition" if "condition" in self.frame.columns else "method"
        first = set(self.frame.loc[self.frame[of] == self.reference, "method"])
        return sorted(set(self.frame["method"]), key=lambda name: (name not in first, name))


def tidy_file(path: Path, *, paradigm: str | None = None, chance: float | None = None) -> Tidy:
    """The judgments in the table at `path`; other columns are ignored.

    Raises TidyError for a file without the columns `participant, image, method` and `score`
    (−2…+2) or `correct` (0/1), for a row with more or fewer cells than the header, and for a cell
    that is none of these, with its line.
    """
    try:
        table = read_delimited(path)
        _refuse_columns(table, NEEDED, f"it needs {', '.join(NEEDED)}")
        for name in NEEDED:
            if (empty := table.frame.index[table.frame[name] == ""]).size:
                raise table.refusal(empty[0], f"{name} is empty; fill it in")
        schemas = input_schemas()
        if paradigm is not None and paradigm not in schemas:
            raise TidyError(f"the paradigm of a file must be one of {', '.join(schemas)}")
        if paradigm is not None and (schema := schemas[paradigm]) is not None:
            return _tidy_columns(table, paradigm, schema, chance)
        return _tidy_outcome(table, paradigm, chance)
    except DelimitedError as error:
        raise TidyError(str(error)) from error


def _tidy_outcome(table: Delimited, paradigm: str | None, chance: float | None) -> Tidy:
    name, outcome = _outcome(table, paradigm)
    frame = _clusters(table)
    frame[outcome] = table.numbers(outcome, LEVELS[outcome])
    if "stronger_side" in table.frame.columns:
        frame["stronger_side"] = _sides(table, "stronger_side")
    kept = frame[frame[outcome].notna()].astype({outcome: int})
    notes = [*slips(table, NEEDED), *_left_out(len(frame) - len(kept))]
    if paradigm is None and chance is None and outcome == "correct":
        notes.append(
            f"the table is read as {name}, where guessing is right in "
            f"{whole_percent(PARADIGMS[name].chance)} of the answers; for another kind of question "
            "add --paradigm or --chance"
        )
    chance = chance or PARADIGMS[name].chance
    return Tidy(kept, name, outcome, chance=chance, notes=tuple(notes))


def _tidy_columns(
    table: Delimited, paradigm: str, schema: InputSchema, chance: float | None
) -> Tidy:
    """A table with columns of the paradigm's own, of which its outcome is made."""
    _refuse_columns(table, list(schema.needed), f"{paradigm} needs {', '.join(schema.needed)}")
    rows = _own_columns(table, schema)
    is_measured = rows[list(schema.outcome_of or schema.needed)].notna().all(axis=1)
    frame, others = rows[is_measured].copy(), rows[~is_measured]
    has_answer = schema.answer in others.columns
    answered = others[others[schema.answer].notna()] if has_answer else others.head(0)
    notes = (*slips(table, NEEDED), *_left_out(len(others), len(answered), schema.counts_in))
    outcome: Outcome = "correct" if schema.is_share else "value"
    frame[outcome] = schema.outcome(frame)
    frame = schema.rows(frame.astype({outcome: int if schema.is_share else float}))
    return Tidy(
        frame, paradigm, outcome, chance=chance or schema.chance, null=schema.null,
        bounds=schema.bounds, notes=notes, unmeasured=answered,
    )  # fmt: skip


def _own_columns(table: Delimited, schema: InputSchema) -> pd.DataFrame:
    """Every row with typed columns."""
    there = set(table.frame.columns)
    wanted = {**schema.needed, **{k: v for k, v in schema.optional.items() if k in there}}
    frame = _clusters(table)
    for name, levels in wanted.items():
        _refuse_columns(table, [name], "")
        if levels == ():
            cells = table.frame[name]
            frame[name] = cells.where(~cells.isin(MISSING))
            for line, cell in frame[name].dropna().drop_duplicates().items():
                if problem := schema.complaint(name, cell):
                    raise table.refusal(line, problem)
        elif levels == SIDES:
            frame[name] = _sides(table, name)
        else:
            frame[name] = table.numbers(name, cast("tuple[float, ...] | None", levels))
    if schema.bounds is not None:
        low, high = schema.bounds
        name = next(iter(schema.needed))
        outside = frame.index[(frame[name] < low) | (frame[name] > high)]
        if len(outside):
            cell = table.frame.loc[outside[0], name]
            raise table.refusal(outside[0], f"{name} {cell!r} is not between {low:g} and {high:g}")
    return frame


def _clusters(table: Delimited) -> pd.DataFrame:
    """Participant, image and method of each judgment, and the order of trials where known."""
    frame = table.frame[list(NEEDED)].copy()
    if "order" in table.frame.columns:
        _refuse_columns(table, ["order"], "")
        frame["order"] = table.numbers("order")
    return frame


def _sides(table: Delimited, name: str) -> "pd.Series[Any]":
    _refuse_columns(table, [name], "")
    sides = table.frame[name].str.upper()
    wrong = sides[~sides.isin({*SIDES, *MISSING})]
    if len(wrong):
        cell = table.frame.loc[wrong.index[0], name]
        raise table.refusal(wrong.index[0], f"{name} {cell!r} is neither A nor B")
    return sides.where(sides.isin(SIDES))


def _left_out(count: int, answered: int = 0, counts_in: str = "") -> tuple[str, ...]:
    rows = "1 row has" if count == 1 else f"{count} rows have"
    verb = "is" if count == 1 else "are"
    counts = "it" if count == 1 else f"{answered} of them"
    counts += " counts" if answered == 1 else " count"
    told = f"; {counts} in {counts_in}" if answered else ""
    return (f"{rows} no outcome (empty or NA) and {verb} left out{told}",) if count else ()


def _refuse_columns(table: Delimited, names: Sequence[str], needs: str) -> None:
    """DelimitedError for a column that is missing, or there twice."""
    columns = list(table.frame.columns)
    for name in names:
        if name not in columns:
            raise DelimitedError(
                f"{table.path} has no column “{name}”; {needs}. Its columns are "
                f"{', '.join(f'“{one}”' for one in columns if one)}, separated by "
                f"{DELIMITERS[table.delimiter]}"
            )
        if columns.count(name) > 1:
            raise DelimitedError(
                f"{table.path} has {columns.count(name)} columns “{name}”; "
                "rename or remove all but one"
            )


def _outcome(table: Delimited, paradigm: str | None) -> tuple[str, Outcome]:
    """The paradigm of a table with the column of its outcome, and that outcome.

    Where the table names no paradigm, it is the first one with that outcome.
    """
    speaking: dict[Outcome, str] = {}
    for name, schema in input_schemas().items():
        outcome = PARADIGMS[name].outcome if schema is None else None
        if outcome is not None and paradigm in (None, name):
            speaking.setdefault(outcome, name)
    there = [name for name in speaking if name in table.frame.columns]
    if not there:
        raise TidyError(f"{table.path} has no column “{'” or “'.join(speaking)}”; add one")
    if len(there) > 1:
        names = " or ".join(speaking.values())
        raise TidyError(f"{table.path} has {' and '.join(there)}; add --paradigm {names}")
    _refuse_columns(table, there, "")
    return speaking[there[0]], there[0]


def tidy_tables(tables: StudyTables, paradigm: str | None = None) -> Tidy:
    """The judgments of a study's own tables: main trials of finished people who are not
    excluded, and of two answers to one stimulus the final one.

    Photos of one object are one cluster. Raises TidyError if the study has several paradigms
    and none is named, or not the named one.
    """
    definition, judgments = tables.definition, tables.frames["judgments"]
    chosen = _chosen(definition, paradigm)
    own = judgments[judgments["paradigm"] == chosen]
    main = own[own["stage"].isin(ANALYSED)]
    measured = analysis_of(chosen).measure(tables, chosen, main)
    found = kept_apart(measured, definition, chosen, main["block"])
    counting = own[(own["status"] == "finished") & ~own["excluded"].astype(bool)]
    is_measured = found.frame[found.outcome].notna()
    counts = found.frame.index.isin(counting.index)
    return Tidy(
        frame=found.frame[is_measured & counts],
        unmeasured=found.frame[~is_measured & counts],
        paradigm=chosen,
        outcome=found.outcome,
        reference=definition["analysis"]["reference"] or found.reference,
        everybody=found.frame[is_measured],
        left_out=standing_rules(tables.frames["exclusions"]),
        unfinished=frozenset(own.loc[own["status"] != "finished", "participant_id"].astype(str)),
        flow=flow(
            tables.frames["participations"], judgments, tables.frames["exclusions"], ANALYSED
        ),
        sample=_sample(tables),
        sites=_sites(tables.frames["participations"]),
        seed=int(definition["design"]["seed"]),
        smallest_effect=definition["analysis"].get("smallest_effect"),
        chance=found.chance,
        null=found.null,
        bounds=found.bounds,
        about_photos=found.about_photos,
        notes=found.notes,
        metrics=tables.frames["metrics"].rename(
            columns={"stimulus_id": "unit", "condition": "method"}
        ),
        arrivals=_arrivals(tables) if definition["analysis"]["looks"] else None,
        scales=found.scales,
        levels=found.levels,
        answers=answer_rows(counting[counting["stage"].isin((*ANSWERED, REPEATED))]),
        repeated=repeated_pairs(counting, labels(definition, chosen)),
        presented=presented_rows(counting),
        coded=coded_rows(tables.frames, counting[counting["stage"].isin(ANALYSED)]),
        definition=definition,
        times=time_rows(counting[counting["stage"].isin(ANALYSED)]),
        evidence=tables.frames.get("evidence"),
    )


def asked_paradigms(definition: Mapping[str, Any]) -> list[str]:
    """The paradigms of a study's blocks, each once, in the order of asking."""
    return list(dict.fromkeys(str(block["paradigm"]) for block in definition["blocks"]))


def _chosen(definition: Mapping[str, Any], paradigm: str | None) -> str:
    asked = asked_paradigms(definition)
    chosen = paradigm or (asked[0] if len(asked) == 1 else None)
    if chosen not in asked:
        raise TidyError(f"the study asks {' and '.join(asked)}; add --paradigm {asked[0]}")
    return chosen


def _sites(people: pd.DataFrame) -> dict[str, str]:
    known = people[people["site"].notna() & (people["site"] != "")]
    return dict(zip(known["participant_id"], known["site"], strict=True))


def _sample(tables: StudyTables) -> dict[str, Any]:
    """Of everybody who is analysed in any paradigm."""
    people, judgments = tables.frames["participations"], tables.frames["judgments"]
    left_out = judgments.loc[judgments["excluded"].astype(bool), "participant_id"]
    analysed = people[(people["status"] == "finished") & ~people["participant_id"].isin(left_out)]
    return sample(analysed, tables.definition, has_clock=tables.has_clock)


def _arrivals(tables: StudyTables) -> list[tuple[str, datetime | None]]:
    """A public bundle has no clock: there people are in the order in which they came."""
    people = tables.frames["participations"]
    people = people[people["finished_at"].notna()]
    names = people["participant_id"].astype(str)
    if not tables.has_clock:
        return [(name, None) for name in names]
    moments = pd.to_datetime(people["finished_at"], format="ISO8601", utc=True)
    pairs = sorted(zip(moments.dt.to_pydatetime(), names, strict=True))
    return [(name, moment) for moment, name in pairs]
