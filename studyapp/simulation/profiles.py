"""A simulated person's profile, and how it becomes answers. Pure: no clock, no network."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from statistics import fmean

from studyapp.models import Stage, Trial
from studyapp.paradigms import PARADIGMS, Asked, Paradigm, Question
from studyapp.paradigms.questions import BUTTON
from studyapp.sections.design import DisplaySection

from .machines import MACHINES, Choice, human_trace, machine_trace
from .markings import LOST, SURE, marked, thing_in

DRAWS = 400
# The share of those who may decline that do
DECLINING = 0.2
SENTENCE = "I looked at what was marked and at what the photo shows."


@dataclass(frozen=True)
class Profile:
    """One person.

    latents: tendency towards the stronger network (trust: points) or the right answer (logits),
        by method or, where a study asks several, by paradigm; `latent` where neither is named.
    shift: added to it for this person. photo_sd: spread of what each photo adds, the same for
        everybody with the same photo_seed.
    bias: pull to B or to the first option. carelessness: share of answers given without looking.
    leaves_after: number of answers after which the person leaves; None: stays to the end.
    sees: share of pictures in which the person sees what people usually see.
    machine: the kind of machine that answers (`MACHINES`); empty for a person. pace_sd: spread of
        log times. memory: correlation of a log time with the last one.
    """

    latents: Mapping[str, float]
    latent: float
    shift: float
    photo_sd: float
    photo_seed: int
    bias: float
    carelessness: float
    milliseconds: float
    leaves_after: int | None
    sees: float = 0.9
    machine: str = ""
    pace_sd: float = 0.4
    memory: float = 0.0

    def answer(self, trial: Trial, random: Random) -> int:
        """The value that this person gives to `trial`, as shown on the page."""
        simulate = PARADIGMS[trial.paradigm].simulate
        assert simulate is not None
        return simulate(self.tendency(trial), self.bias, trial, random)

    def answers(self, asked: Asked, random: Random) -> dict[str, object]:
        """What this person enters on the page, by the names of its fields."""
        is_careless = bool(self.carelessness) and random.random() < self.carelessness
        found: dict[str, object] = {}
        for question in PARADIGMS[asked.trial.paradigm].asks(asked):
            if question.only_if is not None and not question.only_if.is_met(_numbers(found)):
                continue
            if question.is_distinct:
                left = tuple(one for one in question.answers if one[0] not in found.values())
                question = replace(question, answers=left)
            if question.decline and random.random() < DECLINING:
                is_button = question.kind == "choice"
                found |= {question.name: BUTTON} if is_button else {question.tick: "yes"}
            elif question.kind == "point":
                found |= _point(question, random)
            elif question.tool:
                spread = SURE if self.photo_sd and not is_careless else LOST
                thing = thing_in(f"{self.photo_seed}:{_photo(asked.trial)}")
                found[question.name] = marked(question, thing, spread, random)
            elif question.kind == "several":
                found |= _several(question, random)
            elif question.kind in ("number", "slider"):
                number = random.uniform(question.least, question.most)
                found[question.name] = f"{number:.{question.decimals}f}"
            elif question.kind == "text":
                found[question.name] = SENTENCE[: question.longest]
            elif is_careless:
                found[question.name] = random.choice(question.values)
            elif (choose := self._choose) is not None and asked.trial.stage != Stage.CHECK:
                found[question.name] = choose(question, asked.trial, self._who, random)
            elif question.name == "value" and (usual := usual_answer(asked)) is not None:
                is_seen = random.random() < self.sees
                found[question.name] = usual if is_seen else random.choice(question.values)
            else:
                found[question.name] = self._choice(question, asked.trial, random)
        return found

    @property
    def _choose(self) -> Choice | None:
        return MACHINES[self.machine].choose if self.machine else None

    @property
    def _who(self) -> str:
        """What tells one machine's prior from another's."""
        return f"{self.photo_seed}:{self.shift}"

    def _choice(self, question: Question, trial: Trial, random: Random) -> int:
        """One of the question's values."""
        paradigm = PARADIGMS[trial.paradigm]
        if question.name == "value" and trial.stage == Stage.CHECK:
            assert trial.expected is not None
            return trial.expected
        if question.name == "value" and question.kind == "choice" and paradigm.simulate is not None:
            return _nearest(self.answer(trial, random), question.values, random)
        if paradigm.simulate_further is not None:
            felt = paradigm.simulate_further(question.name, self.tendency(trial), trial, random)
            tries = DRAWS if question.is_distinct else 0
            while felt not in question.values and tries:
                felt = paradigm.simulate_further(question.name, self.tendency(trial), trial, random)
                tries -= 1
            return _nearest(felt, question.values, random)
        return random.choice(question.values)

    def tendency(self, trial: Trial) -> float:
        """The latent value behind this person's answers to `trial`."""
        method = trial.condition.method if trial.condition is not None else ""
        photo = Random(f"{self.photo_seed}:{_photo(trial)}").gauss(0, self.photo_sd)
        known = self.latents.get(method, self.latents.get(trial.paradigm, self.latent))
        return known + self.shift + photo

    def expected(self, trial: Trial) -> float:
        """The mean outcome of this person on `trial`: what an analysis should find."""
        random = Random(f"{self.photo_seed}:{_photo(trial)}:{trial.position}")
        values, scores = possible_values(trial), []
        for _ in range(DRAWS):
            is_careless = self.carelessness and random.random() < self.carelessness
            value = random.choice(values) if is_careless else self._expected_answer(trial, random)
            scores.append(trial.keys["value"][str(value)])
        return fmean(scores)

    def _expected_answer(self, trial: Trial, random: Random) -> int:
        choose = self._choose
        if choose is None:
            return self.answer(trial, random)
        return choose(main_question(trial), trial, self._who, random)

    def trace(self, asked: Asked, random: Random) -> str:
        """What this person's page recorded of how it was answered."""
        questions = PARADIGMS[asked.trial.paradigm].asks(asked)
        is_written = any(question.kind == "text" for question in questions)
        if not self.machine:
            return human_trace(random, is_written=is_written)
        return machine_trace(MACHINES[self.machine], is_written=is_written)

    def pace(self, random: Random, last: float) -> float:
        """How far a log time is from the person's median, where the last one was `last` away."""
        fresh = random.normalvariate(0, self.pace_sd)
        return self.memory * last + math.sqrt(1 - self.memory**2) * fresh

    def seconds(self, pace: float) -> float:
        """A reaction time, so far from the person's median."""
        return self.milliseconds / 1000 * math.exp(pace)


def usual_answer(asked: Asked) -> int | None:
    """What people usually say they see; None where they are not asked that."""
    return PARADIGMS[asked.trial.paradigm].usual(asked.block)


def _photo(trial: Trial) -> str:
    """What identifies a photo in every database, which its row's number does not."""
    return trial.image.sha256 if trial.image is not None else ""


def possible_values(trial: Trial) -> list[int]:
    """The values of the main question of `trial`, whatever else its block asks."""
    if known := trial.keys.get("value"):
        return sorted(map(int, known))
    return main_question(trial).values


def main_question(trial: Trial) -> Question:
    """The first question of `trial` as a block asks it by default."""
    paradigm = PARADIGMS[trial.paradigm]
    block = paradigm.block.model_validate({"name": "any", "paradigm": trial.paradigm, "trials": 1})
    return paradigm.asks(Asked(trial, block, DisplaySection.model_validate({})))[0]


def _nearest(value: int, values: list[int], random: Random) -> int:
    """The value that is nearest; drawn where two are, such as for a tie that may not be told."""
    least = min(abs(one - value) for one in values)
    near = [one for one in values if abs(one - value) == least]
    return near[0] if len(near) == 1 else random.choice(near)


def _point(question: Question, random: Random) -> dict[str, object]:
    """A click near the middle of the picture, in its pixels."""
    places = [min(0.99, max(0.01, random.gauss(0.5, 0.15))) for _ in range(2)]
    x, y = (round(place * question.size) for place in places)
    return {f"{question.name}.x": x, f"{question.name}.y": y}


def _several(question: Question, random: Random) -> dict[str, object]:
    """As many ticked answers as the question allows."""
    least, most = int(question.least), int(question.most)
    chosen = random.sample(question.values, random.randint(max(1, least), most))
    return {question.box(value): "yes" for value in chosen}


def _numbers(entered: Mapping[str, object]) -> dict[str, object]:
    """What was entered so far, ticked boxes as lists under their question's name."""
    found: dict[str, object] = {}
    for name, given in entered.items():
        question, _, box = name.rpartition(".")
        if box.isdecimal():
            chosen = found.setdefault(question, [])
            assert isinstance(chosen, list)
            chosen.append(int(box))
        else:
            found[name] = given
    return found


Tendency = Callable[[Paradigm], tuple[float, Mapping[str, float]]]


def guessing(paradigm: Paradigm) -> tuple[float, Mapping[str, float]]:
    return 0.0, {}


def able(paradigm: Paradigm) -> tuple[float, Mapping[str, float]]:
    return (paradigm.able if paradigm.simulate is not None else 0.0), {}


def as_published(paradigm: Paradigm) -> tuple[float, Mapping[str, float]]:
    """Points of a mean score, logits of a share; no tendency where nothing is published."""
    if paradigm.published is None:
        return 0.0, {}
    told = paradigm.published
    latent = _rounded_logit if paradigm.outcome == "correct" else float
    return latent(told.otherwise), {name: latent(mean) for name, mean in told.means.items()}


def _rounded_logit(share: float) -> float:
    return round(math.log(share / (1 - share)), 3)


@dataclass(frozen=True)
class Population:
    """Where simulated people are drawn from; spreads are standard deviations between people.

    tendency: people's latent tendency in a paradigm, for all methods; and by method, where methods
        differ. machines: the share of each kind of machine among them. memory: as in Profile.
    """

    description: str
    tendency: Tendency
    person_sd: float = 0.4
    photo_sd: float = 0.5
    bias: float = 0.0
    carelessness: float = 0.0
    drop_out: float = 0.0
    milliseconds: float = 4000.0
    machines: Mapping[str, float] = field(default_factory=dict)
    memory: float = 0.0

    def person(self, paradigm: str, random: Random, *, photo_seed: int) -> Profile:
        """One person's profile for a study of `paradigm`."""
        leaves = random.random() < self.drop_out
        latent, by_method = self.tendency(PARADIGMS[paradigm])
        others = {
            name: self.tendency(one)[0]
            for name, one in PARADIGMS.items()
            if name != paradigm and one.simulate is not None
        }
        person = Profile(
            latents={**others, **by_method},
            latent=latent,
            shift=random.gauss(0, self.person_sd),
            photo_sd=self.photo_sd,
            photo_seed=photo_seed,
            bias=self.bias,
            carelessness=self.carelessness,
            milliseconds=self.milliseconds * random.lognormvariate(0, 0.3),
            leaves_after=random.randint(0, 3) if leaves else None,
            memory=self.memory,
        )
        return person if not self.machines else self._or_machine(person, random)

    def _or_machine(self, person: Profile, random: Random) -> Profile:
        """A machine in the person's place, as often as there are some."""
        kinds = ["", *self.machines]
        shares = [1 - sum(self.machines.values()), *self.machines.values()]
        [kind] = random.choices(kinds, shares)
        return as_machine(person, kind) if kind else person


def as_machine(person: Profile, kind: str) -> Profile:
    """The machine of that kind in the person's place: it forgets its last time."""
    return replace(person, machine=kind, pace_sd=MACHINES[kind].pace_sd, memory=0.0)


POPULATIONS: Mapping[str, Population] = {
    "paper": Population("as the Grad-CAM paper reports people", as_published),
    "able": Population("right most of the time", able),
    "guessing": Population("no effect at all", guessing, person_sd=0.0, photo_sd=0.0),
    "leaning": Population("no effect, but a pull to B and to the first option", guessing, bias=0.8),
    "careless": Population(
        "able, but four answers in ten without looking",
        able,
        carelessness=0.4,
        milliseconds=900.0,
    ),
    "leaving": Population(
        "able, but three in ten leave before the end",
        able,
        drop_out=0.3,
    ),
    "mixed": Population(
        "able, but four in ten are machines of three kinds",
        able,
        machines={"perfect-clicks": 0.1, "reader": 0.15, "describer": 0.15},
        memory=0.3,
    ),
}
