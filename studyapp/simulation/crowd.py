"""Many simulated people at once, and whether each acknowledged answer is stored exactly once."""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import partial
from itertools import cycle
from random import Random
from typing import Any

from django.db import connections
from django.db.models import Count

from studyapp.models import Judgment, Participation, Stage, Study, Trial
from studyapp.paradigms import PARADIGMS, Asked
from studyapp.participations.answering import current_trial
from studyapp.participations.panels import PANELS
from studyapp.participations.panels.personal import signed
from studyapp.participations.sites import PARAMETER, signed_door
from studyapp.sections.people import ScreeningSection
from studyapp.studies.definition.strata import by_question
from studyapp.studies.definition.study import Definition, study_definition

from .profiles import Population, Profile
from .walk import Walk, Walker


@dataclass(frozen=True)
class Crowd:
    """What a simulation did, counted on both sides: at the browsers and in the database."""

    walks: list[Walk]
    seconds: float
    stored: int
    lost: int
    double: int
    unacknowledged: int
    coverage: dict[str, Any]

    @property
    def acknowledged(self) -> int:
        return sum(len(walk.acknowledged) for walk in self.walks)

    @property
    def errors(self) -> list[str]:
        return [walk.error for walk in self.walks if walk.error]

    @property
    def is_sound(self) -> bool:
        """Nobody met an error, and what was acknowledged is stored once."""
        return not (self.errors or self.lost or self.double)

    def as_json(self) -> dict[str, Any]:
        requests = sum(walk.requests for walk in self.walks)
        return {
            "people": len(self.walks),
            "outcomes": dict(sorted(Counter(walk.outcome for walk in self.walks).items())),
            "seconds": round(self.seconds, 2),
            "requests": requests,
            "requests_per_second": round(requests / self.seconds, 1),
            "answers_per_second": round(self.acknowledged / self.seconds, 1),
            "acknowledged": self.acknowledged,
            "stored": self.stored,
            "lost": self.lost,
            "double": self.double,
            "unacknowledged": self.unacknowledged,
            "coverage": self.coverage,
            "errors": self.errors,
        }


def send_crowd(
    study: Study,
    base: str,
    population: Population,
    *,
    people: int,
    seed: int,
    at_once: int = 32,
    with_pictures: bool = False,
    on_progress: Callable[[], Any] = lambda: None,
    name: str = "",
) -> Crowd:
    """Send `people` of `population` through the open marked copy `study`, served at `base`.

    name: of the crowd, whose people are the same in every study that they come to; the copy's own
    if empty.
    """
    sent = walkers(
        study, base, population, people=people, seed=seed, pictures=with_pictures, name=name
    )
    start = time.perf_counter()
    walks = []
    with ThreadPoolExecutor(at_once) as pool:
        for done in as_completed([pool.submit(_walk, walker) for walker in sent]):
            walks.append(done.result())
            on_progress()
    seconds = time.perf_counter() - start
    acknowledged = {(walk.code, trial) for walk in walks for trial in walk.acknowledged}
    stored = Counter(Judgment.objects.of(study).values_list("participation__code", "trial_id"))
    return Crowd(
        walks=walks,
        seconds=seconds,
        stored=stored.total(),
        lost=len(acknowledged - stored.keys()),
        double=sum(count - 1 for count in stored.values()),
        unacknowledged=len(stored.keys() - acknowledged),
        coverage=coverage(study),
    )


def walkers(
    study: Study,
    base: str,
    population: Population,
    *,
    people: int,
    seed: int,
    pictures: bool,
    name: str = "",
) -> Iterator[Walker]:
    """`people` of `population` at the door of `study`, which is served at `base`."""
    definition = study_definition(study)
    paradigm = main_paradigm(definition)
    # As many to a site and of a stratum as they have places in this copy, in their order
    places = cycle(study.slots.order_by("position").values_list("site", "stratum"))
    for number, (site, stratum) in zip(range(people), places, strict=False):
        random = Random(f"{seed}:{number}")
        yield Walker(
            base=base,
            start=f"/s/{study.slug}/",
            parameters={
                **_parameters(study, f"{name or study.slug}-{seed}-{number}", site),
                **_in_language(definition, number),
            },
            profile=population.person(paradigm, random, photo_seed=seed),
            random=random,
            truth_of=truth_of,
            asked_on=partial(asked_in, definition),
            entered=keep_profile,
            with_pictures=pictures,
            gates=accepted_answers(definition, Random(f"{seed}:{number}:gates"), stratum),
        )


def main_paradigm(definition: Definition) -> str:
    """The paradigm of the last block that has an outcome; of the last one if none has."""
    scored = [one for one in definition.blocks if PARADIGMS[one.paradigm].outcome is not None]
    return (scored or definition.blocks)[-1].paradigm


def accepted_answers(
    definition: Definition, random: Random, stratum: str = ""
) -> dict[str, dict[str, object]]:
    """Accepted answers to screening and comprehension questions, by the form's verb.

    stratum: of the places that the person is to take. Strata without quotas come as their answers
    do, each equally often.
    """
    own = by_question(stratum)
    screening = [random.choice(_fitting(one, own)) for one in definition.screening]
    tested = definition.comprehension
    begin = [one.accept[0] for one in tested.questions] if tested is not None else []
    return {
        verb: {f"question_{number}": answer for number, answer in enumerate(answers, 1)}
        for verb, answers in (("screening", screening), ("begin", begin))
    }


def _fitting(question: ScreeningSection, own: Mapping[str, str]) -> list[int]:
    if not question.strata:
        return question.accept[:1]
    wanted = own.get(str(question.name))
    return [
        answer for one in question.strata if wanted in (None, one.name) for answer in one.answers
    ]


def asked_in(definition: Definition, trial: Trial) -> Asked:
    return Asked(trial, definition.block(trial.block), definition.display)


def _parameters(study: Study, person: str, site: str) -> dict[str, str]:
    """What the panel's address tells of a person, in the form that its ids have."""
    named = {PARAMETER: site} if site else {}
    definition = study_definition(study)
    panel = PANELS.get(definition.panel.kind)
    if panel is None:
        return named
    digest = hashlib.sha256(person.encode()).hexdigest()
    if panel.signs:
        return named | {panel.person: signed(signed_door(definition.slug, site), digest[:24])}
    if panel.name == "sona":
        return named | {panel.person: str(int(digest[:12], 16))}
    details = {key: f"{digest[:20]}{place:04d}" for place, key in enumerate(panel.details)}
    return named | {panel.person: digest[:24]} | details


def _in_language(definition: Definition, number: int) -> dict[str, str]:
    """Of a study in several languages, one after the other."""
    languages = definition.languages
    return {"lang": languages[number % len(languages)]} if len(languages) > 1 else {}


def _walk(walker: Walker) -> Walk:
    """One walk in its own thread, whose database connection is given back at the end."""
    try:
        return walker.walk()
    finally:
        connections.close_all()


def truth_of(code: str) -> Trial:
    """The trial that the participation with `code` is at; Trial.DoesNotExist when there is none."""
    participation = Participation.objects.get(code=code)
    trial = current_trial(participation)
    if trial is None:
        raise Trial.DoesNotExist(f"participation {code} has no trial left")
    return trial


def keep_profile(code: str, profile: Profile) -> None:
    """Keep the simulated person's profile, to compare an analysis with it."""
    Participation.objects.filter(code=code).update(profile=asdict(profile))


def coverage(study: Study) -> dict[str, Any]:
    """Planned and stored judgments per stimulus × condition of the main trials.

    `exact` says that every planned one is there, no more and no less.
    """
    cells = ("stimulus_id", "condition_id")
    asked = [Stage.MAIN, Stage.FINAL]
    trials = Trial.objects.filter(slot__study=study, stage__in=asked).order_by()
    planned = {tuple(row[:2]): row[2] for row in trials.values_list(*cells).annotate(Count("pk"))}
    judged = trials.values_list(*cells).annotate(Count("judgments"))
    stored = {tuple(row[:2]): row[2] for row in judged}
    return {
        "cells": len(planned),
        "planned": [min(planned.values(), default=0), max(planned.values(), default=0)],
        "stored": [min(stored.values(), default=0), max(stored.values(), default=0)],
        "exact": planned == stored,
    }
