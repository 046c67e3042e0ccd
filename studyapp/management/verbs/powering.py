"""`study power FILE|SLUG`: how likely the design of a file, or of a study, finds an effect.

Of a file it touches no database.
"""

import os
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string
from tqdm import tqdm

from studyapp.analyses.figures import Figure
from studyapp.analyses.figures.figure import page_style
from studyapp.analyses.figures.power import power_curves, power_surface
from studyapp.analyses.power.answers import Outcome, layout
from studyapp.analyses.power.designs import compared, drawn, fewest_photos
from studyapp.analyses.power.grid import Point, Power, powers
from studyapp.analyses.power.verdicts import FOLLOWED, Hoped, hoped_verdicts
from studyapp.paradigms import PARADIGMS
from studyapp.sections.blocks import BlockSection
from studyapp.shelf.formatting import short, whole_percent
from studyapp.studies.definition.file import read_definition
from studyapp.studies.definition.named_files import is_file
from studyapp.studies.definition.study import Definition, study_definition
from studyapp.studies.design.stand_ins import photos_asked_about, questions_by_photo, stand_ins

from .base import Verb, VerbError, find_study

EFFECTS = {"score": (0.0, 0.1, 0.2, 0.3, 0.5), "correct": (0.0, 0.03, 0.06, 0.1, 0.15)}
UNITS = {"score": "difference of mean scores", "correct": "difference of shares of right answers"}
MIDDLE = {"score": 0.3, "correct": 0.1}


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r}: write numbers separated by commas") from error


def _counts(text: str) -> list[int]:
    return [int(number) for number in _numbers(text)]


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("source", help="a study file, or a study's slug")
    parser.add_argument("--paradigm", help="the first of the file's where left out")
    parser.add_argument("--people", type=_counts, metavar="N,N", help="half, all, twice as many")
    parser.add_argument("--photos", type=_counts, metavar="N,N", help="for the surface")
    parser.add_argument("--effects", type=_numbers, metavar="X,X", help="on the outcome's scale")
    parser.add_argument("--studies", type=int, default=200, help="simulated at each point; 200")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--html", type=Path, metavar="FILE", help="draw curve and surface here")
    parser.add_argument(
        "--mixed",
        action="store_true",
        help="one point only (the first of --people and --effects), by the mixed model: slow",
    )


@dataclass(frozen=True)
class Asked:
    """What is simulated: a contrast of a study file's paradigm, over a grid.

    questions: how many each photo is asked; empty where each is asked one.
    """

    definition: Definition
    questions: list[int]
    paradigm: str
    outcome: Outcome
    methods: tuple[str, str]
    people: list[int]
    photos: list[int]
    effects: list[float]

    def point(self, people: int, photos: int, effect: float, **more: Any) -> Point:
        fill = partial(stand_ins, questions=self.questions)
        design = drawn(self.definition, fill, people=people, photos=photos)
        name = f"{people}/{photos}/{effect:g}"
        plan = layout(design, self.paradigm, self.methods)
        return Point(name, plan, self.outcome, effect, **more)

    @property
    def smallest(self) -> float:
        """The smallest effect of interest, a middling one where none is stated."""
        return self.definition.analysis.smallest_effect or MIDDLE[self.outcome]


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    if options["studies"] < 1 or options["processes"] < 1:
        raise VerbError("--studies and --processes must be at least 1")
    try:
        asked = _asked(options)
        points = _points(asked, mixed=options["mixed"])
        hoped = [] if options["mixed"] else list(_hoped(asked))
        simulated = [one.point for one in hoped if one.point is not None]
        with tqdm(total=(len(points) + len(simulated)) * options["studies"], unit="study") as bar:
            found = powers(
                [*points.values(), *simulated],
                studies=options["studies"],
                seed=options["seed"],
                processes=options["processes"],
                on_progress=bar.update,
            )
    except ValueError as error:
        raise VerbError(str(error)) from error
    result = dict(zip(points, found, strict=False))
    verdicts = _verdicts(hoped, found[len(points) :])
    if options["html"] is not None:
        options["html"].write_text(_page(asked, result, verdicts), encoding="utf-8")
    facts = _facts(asked, result, options) | {"hypotheses": [fact for fact, _ in verdicts]}
    return facts, [*_lines(asked, result), *(line for _, line in verdicts)]


def _hoped(asked: Asked) -> Iterator[Hoped]:
    """The hypotheses of the study, on the design as the file has it."""
    fill = partial(stand_ins, questions=asked.questions)
    people = asked.definition.design.people
    design = cache(lambda: drawn(asked.definition, fill, people=people))
    return hoped_verdicts(asked.definition, MIDDLE, design)


def _verdicts(hoped: Sequence[Hoped], found: Sequence[Power]) -> list[tuple[dict[str, Any], str]]:
    """Each hypothesis as a fact and as a line."""
    powers_of = iter(found)
    return [_verdict(one, None if one.point is None else next(powers_of)) for one in hoped]


def _verdict(one: Hoped, power: Power | None) -> tuple[dict[str, Any], str]:
    fact: dict[str, Any] = {
        "number": one.tied.number, "contrast": one.tied.contrast, "effect": one.effect,
        "alpha": one.share, "power": None, "interval95": None, "note": one.why,
    }  # fmt: skip
    title = f"  hypothesis {one.tied.number}, {one.tied.contrast} in {one.tied.paradigm}"
    if power is None:
        return fact, f"{title}: not simulated, {one.why}"
    low, high = power.interval()
    share = f"{100 * one.share:.3g} %"
    fact |= {"power": power.share, "interval95": [low, high], "note": power.note}
    return fact, (
        f"{title}: at its share of alpha, {share}, and an effect of {short(one.effect)} supported "
        f"in {whole_percent(power.share)} ({whole_percent(low)} to {whole_percent(high)})"
        f"{', ' if power.note else ''}{power.note}"
    )


def _asked(options: dict[str, Any]) -> Asked:
    definition, questions = _source(options["source"])
    scored = [name for name in definition.paradigms() if PARADIGMS[name].outcome in EFFECTS]
    if not scored:
        raise VerbError("the file asks no question that has a score, so there is no power")
    paradigm = options["paradigm"] or scored[0]
    if paradigm not in scored:
        raise VerbError(
            f"the file does not ask {paradigm}, or it has no score: name {' or '.join(scored)} "
            "with --paradigm"
        )
    _refuse_apart(definition, paradigm)
    outcome: Any = PARADIGMS[paradigm].outcome
    people, photos = definition.design.people, definition.design.stimuli
    fewest = fewest_photos(definition, stand_ins(definition, questions))
    return Asked(
        definition,
        questions,
        paradigm,
        outcome,
        compared(definition, paradigm),
        options["people"] or sorted({max(2, people // 2), people, people * 2}),
        options["photos"] or sorted({max(photos // 2, fewest), photos, photos * 2}),
        options["effects"] or list(EFFECTS[outcome]),
    )


def _refuse_apart(definition: Definition, paradigm: str) -> None:
    if len({one.wording for one in _main_blocks(definition, paradigm)}) > 1:
        raise VerbError(
            f"the blocks of {paradigm} ask in different words, and their answers are analysed "
            "apart; work out the power of a study file with the blocks of one wording"
        )


def _main_blocks(definition: Definition, paradigm: str) -> list[BlockSection]:
    return [one for one in definition.blocks if one.is_main and one.paradigm == paradigm]


def _source(named: str) -> tuple[Definition, list[int]]:
    """The definition of a file or a study, and how many questions each of its photos is asked."""
    path = Path(named)
    if path.suffix or is_file(path):
        definition = read_definition(path)
        return definition, questions_by_photo(photos_asked_about(definition, path.parent))
    study = find_study(named)
    counts = Counter(study.images.values_list("name", flat=True))
    asked = list(counts.values()) if counts.total() > len(counts) else []
    return study_definition(study), asked


# (what is asked of it, people, photos, effect)
Key = tuple[str, int, int, float]


def _points(asked: Asked, *, mixed: bool) -> dict[Key, Point]:
    """The curve over effects, the surface of people × photos, and the equivalence test; or one
    point by the mixed model."""
    own = asked.definition.design.stimuli
    if mixed:
        only: Key = ("mixed", asked.people[0], own, asked.effects[0])
        return {only: asked.point(*only[1:], mixed=True)}
    keys: list[Key] = [
        ("curve", people, own, effect) for people in asked.people for effect in asked.effects
    ]
    keys += [
        ("surface", people, photos, asked.smallest)
        for photos in asked.photos
        for people in asked.people
    ]
    found = {key: asked.point(*key[1:]) for key in keys}
    if asked.definition.analysis.smallest_effect is not None:
        for people in asked.people:
            key = ("equivalence", people, own, 0.0)
            found[key] = asked.point(*key[1:], margin=asked.smallest)
    return found


def _lines(asked: Asked, found: dict[Key, Power]) -> Iterator[str]:
    a, b = asked.methods
    yield f"{asked.paradigm}: power of {b} − {a}, at 5 %, one contrast without adjustment"
    titles = {
        "curve": "over effects:",
        "surface": f"people × photos, for an effect of {short(asked.smallest)}:",
        "equivalence": f"to find no difference equivalent (±{short(asked.smallest)}):",
        "mixed": "by the mixed model:",
    }
    if any(one.offers_declining for one in _main_blocks(asked.definition, asked.paradigm)):
        yield (
            "  people may prefer not to say, and such answers count in no test: this is the power "
            "if nobody does, so plan for more people"
        )
    if asked.definition.analysis.looks:
        yield (
            "  the power of one test at the end, as that of a sequence is not simulated: "
            f"{FOLLOWED}"
        )
    said = ""
    for (kind, people, photos, effect), one in found.items():
        if kind != said:
            yield f"  {titles[kind]}"
            said = kind
        low, high = one.interval()
        yield (
            f"    {people} people, {photos} photos, effect {short(effect)}: "
            f"{whole_percent(one.share)} ({whole_percent(low)} to {whole_percent(high)})"
            f"{', ' if one.note else ''}{one.note}"
        )


def _facts(asked: Asked, found: dict[Key, Power], options: dict[str, Any]) -> dict[str, Any]:
    return {
        "slug": asked.definition.slug,
        "paradigm": asked.paradigm,
        "contrast": list(asked.methods),
        "unit": UNITS[asked.outcome],
        "studies": options["studies"],
        "seed": options["seed"],
        "points": [
            {
                "kind": kind, "people": people, "photos": photos, "effect": effect,
                "power": one.share, "interval95": list(one.interval()), "note": one.note,
            }
            for (kind, people, photos, effect), one in found.items()
        ],
    }  # fmt: skip


def _page(asked: Asked, found: dict[Key, Power], verdicts: list[tuple[dict[str, Any], str]]) -> str:
    context = {
        "title": f"Power of {asked.definition.title}",
        "style": page_style(),
        "figures": list(_figures(asked, found)),
        "lines": [*_lines(asked, found), *(line for _, line in verdicts)],
    }
    return render_to_string("reports/power.html", context)


def _figures(asked: Asked, found: dict[Key, Power]) -> Iterator[Figure]:
    curves = {
        people: [(key[3], one.share) for key, one in found.items() if key[:2] == ("curve", people)]
        for people in asked.people
    }
    contrast = f"{asked.methods[1]} − {asked.methods[0]}"
    if any(curves.values()):
        yield power_curves(f"Power to find {contrast}", curves, UNITS[asked.outcome])
        yield power_surface(
            f"Power for an effect of {short(asked.smallest)}, people × photos",
            asked.people,
            asked.photos,
            [
                [found["surface", n, photos, asked.smallest].share for n in asked.people]
                for photos in asked.photos
            ],
        )


VERB = Verb(
    "how likely is the design of a study, or of a study file, to find an effect?", arguments, run
)
