"""What the report says of one paradigm, in the order in which it is read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.utils.text import capfirst

from studyapp.analyses.figures import Figure
from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.tabulation import Facts, Table
from studyapp.shelf.formatting import counted, interval, number, p_value, percent, points, signed

from .answers import answers_table
from .automatic import Automatic, automatic_part
from .calibration import calibration_figures, confidence_tables
from .checks import checks_table
from .coded import coded_notes, coded_tables
from .consistency import consistency_parts
from .declines import declines_tables
from .effects import Effects, effects_figures, effects_part
from .equivalence import equivalence_sentences, equivalence_table
from .evidence import evidence_parts
from .figures import contrast_figure, main_figures, own_figures, sensitivity_figure
from .gallery import Entry, gallery
from .looks import looks_figures, looks_table
from .models import Model, fallback_sentence, models
from .moderators import moderator_figures, moderator_tables
from .ordinal import ordinal_figures, ordinal_parts
from .parts import Part
from .presentations import presentation_tables
from .response_times import response_time_parts
from .robustness import Robustness, robustness_figures, robustness_part
from .sites import sites_tables
from .study_record import StudyRecord
from .tabulation import contrasts_table, estimates_table, naive_table, outcome_words, own_tables


@dataclass(frozen=True)
class Section:
    """One paradigm: figures come before the tables of the same numbers."""

    name: str
    question: str
    sentences: list[str]
    notes: list[str]
    figures: list[Figure]
    estimates: Table
    contrasts: Table | None
    effects: Effects
    naive: Table
    naive_label: str
    sensitivity: Figure | None
    reliability: list[str]
    robustness: Robustness | None = None
    order: list[str] = field(default_factory=list)
    checks: Table | None = None
    repeats: str = ""
    answers: Table | None = None
    equivalence: Table | None = None
    fallback: str = ""
    models: list[Model] = field(default_factory=list)
    own_tables: list[Table] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    automatic: Automatic | None = None
    looks: list[Figure] = field(default_factory=list)
    looks_table: Table | None = None
    gallery: list[Entry] = field(default_factory=list)


def section(found: Facts, record: StudyRecord | None) -> Section:
    """The section of the results `found`; without a record there are no pictures."""
    name = found["paradigm"]
    return Section(
        name=name,
        question=PARADIGMS[name].title if name in PARADIGMS else name,
        sentences=list(_sentences(found)),
        notes=[*found["notes"], *coded_notes(found)],
        figures=first_figures(found, record),
        estimates=estimates_table(found),
        contrasts=contrasts_table(found) if found["contrasts"] else None,
        equivalence=equivalence_table(found),
        effects=effects_part(found),
        naive=naive_table(found),
        naive_label=found["naive"]["label"],
        sensitivity=sensitivity_figure(found),
        robustness=robustness_part(found),
        reliability=_by_scale(
            found.get("alpha"), lambda alpha: _reliability(alpha, found.get("kappa"))
        ),
        repeats=_repeats(found.get("repeats")),
        order=_by_scale(found.get("order"), lambda order: _order(order, found["outcome"])),
        answers=answers_table(found),
        checks=checks_table(found),
        fallback=fallback_sentence(found),
        models=models(found),
        parts=[
            *ordinal_parts(found),
            *consistency_parts(found),
            *response_time_parts(found),
            *evidence_parts(found),
        ],
        automatic=automatic_part(found),
        looks=looks_figures(found),
        looks_table=looks_table(found),
        own_tables=[
            *sites_tables(found),
            *moderator_tables(found),
            *confidence_tables(found),
            *declines_tables(found),
            *own_tables(found),
            *coded_tables(found),
            *presentation_tables(found),
        ],
        gallery=gallery(record, found) if record is not None else [],
    )


def first_figures(found: Facts, record: StudyRecord | None) -> list[Figure]:
    """Those that stand before the tables."""
    methods = record.methods if record is not None else {one: one for one in found["methods"]}
    contrast = contrast_figure(found)
    further = [contrast] if contrast is not None else []
    moderated = moderator_figures(found)
    calibrated = calibration_figures(found)
    return [
        *own_figures(found), *main_figures(found, methods), *further, *moderated, *calibrated
    ]  # fmt: skip


def section_figures(found: Facts, record: StudyRecord | None) -> list[Figure]:
    """All of the section, in its order."""
    sensitivity, automatic = sensitivity_figure(found), automatic_part(found)
    return [
        *first_figures(found, record),
        *effects_figures(found),
        *ordinal_figures(found),
        *([sensitivity] if sensitivity is not None else []),
        *robustness_figures(found),
        *(automatic.figures if automatic is not None else []),
        *looks_figures(found),
    ]


def _sentences(found: Facts) -> Iterator[str]:
    """What was found, in words."""
    if not found["n"] and found["notes"]:
        yield f"{capfirst(found['notes'][0])}."
        return
    photos = f" on {counted(found['images'], 'photo', 'photos')}" if found["images"] else ""
    yield (
        f"{counted(found['n'], 'judgment', 'judgments')} of "
        f"{counted(found['people'], 'person', 'people')}{photos} are analysed."
    )
    for name, one in found["methods"].items():
        yield f"{name}: {_method(one, outcome_words(found))}"
    yield from equivalence_sentences(found)


def _method(one: Facts, words: str) -> str:
    if "accuracy" in one:
        said = f"{percent(one['accuracy'])} right"
        pair = interval(one["robust95"], percent)
    else:
        said = f"{words} {number(one['mean'])}"
        pair = interval(one["robust95"])
    interval_words = "" if one["robust95"] is None else f" (95 % interval {pair})"
    note = f"; {one['note']}" if one["note"] else ""
    return f"{said}{interval_words}{note}."


def _repeats(told: Facts | None) -> str:
    if told is None:
        return ""
    asked = counted(told["n"], "trial was", "trials were")
    return f"{asked} repeated with sides or buttons swapped: {told['same']} had the same outcome."


def _by_scale(told: Facts | None, sentence: Callable[[Facts | None], str]) -> list[str]:
    """A sentence for each scale where there are several, else the one sentence."""
    if told is None or "scales" not in told:
        return [words for words in [sentence(told)] if words]
    return [f"{name}: {sentence(one)}" for name, one in told["scales"].items()]


def _order(order: Facts | None, outcome: str) -> str:
    """Whether answers change as trials go on, in a sentence."""
    if order is None:
        return ""
    if order["slope"] is None or order["robust95"] is None:
        return f"The effect of trial order can't be estimated: {order['note']}."
    show = points if outcome == "correct" else signed
    test = order["note"] if order["p"] is None else f"p {p_value(order['p'])}"
    return (
        f"Trend over trials: {show(order['slope'])} with each further trial "
        f"({interval(order['robust95'], show)}), {test}."
    )


def _reliability(alpha: Facts | None, kappa: Facts | None) -> str:
    """Krippendorff's α in a sentence, and Fleiss' κ where raters are equally many."""
    if alpha is None:
        return "Agreement among people was not computed."
    if alpha.get("value") is None:
        note = alpha.get("note", "nothing varies")
        return f"Agreement among people can't be estimated: {note}."
    low, high = alpha.get("low"), alpha.get("high")
    pair = "" if low is None or high is None else f" ({number(low)} to {number(high)})"
    fleiss = f"; Fleiss’ κ = {number(kappa['value'])}" if kappa is not None else ""
    return f"Agreement among people: Krippendorff’s α = {number(alpha['value'])}{pair}{fleiss}."
