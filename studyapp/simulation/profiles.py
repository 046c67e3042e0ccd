"""What a simulated person is made of, and how that becomes answers. Pure: no clock, no network."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from random import Random
from statistics import fmean
from typing import Any

from studyapp.models import Stage, Trial
from studyapp.studies.paradigms import PARADIGMS

DRAWS = 400


@dataclass(frozen=True)
class Profile:
    """One person.

    latents: tendency towards the stronger network (trust: points) or the right answer
        (discrimination: logits), by method; `latent` where the method is not named.
    shift: added to it for this person. photo_sd: spread of what each photo adds, the same for
        everybody with the same photo_seed.
    bias: pull to B or to the first option. carelessness: share of answers given without looking.
    leaves_after: number of answers after which the person leaves; None: stays to the end.
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

    def answer(self, trial: Trial, random: Random) -> int:
        """The value that this person gives to `trial`, as shown on the page."""
        paradigm = PARADIGMS[trial.paradigm]
        if self.carelessness and random.random() < self.carelessness:
            return int(random.choice(list(paradigm.form({}, trial=trial).values())))
        if trial.stage == Stage.CHECK:
            assert trial.expected is not None
            return trial.expected
        return paradigm.simulate(self.tendency(trial), self.bias, trial, random)

    def tendency(self, trial: Trial) -> float:
        """The latent value behind this person's answers to `trial`."""
        method = trial.condition.method if trial.condition is not None else ""
        photo = Random(f"{self.photo_seed}:{trial.image_id}").gauss(0, self.photo_sd)
        return self.latents.get(method, self.latent) + self.shift + photo

    def expected(self, trial: Trial) -> float:
        """The mean outcome of this person on `trial`: what an analysis should find."""
        random = Random(f"{self.photo_seed}:{trial.pk}")
        score = PARADIGMS[trial.paradigm].score
        return fmean(score(trial, self.answer(trial, random)) for _ in range(DRAWS))

    def seconds(self, random: Random) -> float:
        """A reaction time, log-normal around the person's median."""
        return self.milliseconds / 1000 * random.lognormvariate(0, 0.4)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Population:
    """Where simulated people are drawn from; spreads are standard deviations between people."""

    description: str
    latents: Mapping[str, Mapping[str, float]]
    latent: Mapping[str, float]
    person_sd: float = 0.4
    photo_sd: float = 0.5
    bias: float = 0.0
    carelessness: float = 0.0
    drop_out: float = 0.0
    milliseconds: float = 4000.0

    def person(self, paradigm: str, random: Random, *, photo_seed: int) -> Profile:
        """One person's profile for a study of `paradigm`."""
        leaves = random.random() < self.drop_out
        return Profile(
            latents=self.latents.get(paradigm, {}),
            latent=self.latent.get(paradigm, 0.0),
            shift=random.gauss(0, self.person_sd),
            photo_sd=self.photo_sd,
            photo_seed=photo_seed,
            bias=self.bias,
            carelessness=self.carelessness,
            milliseconds=self.milliseconds * random.lognormvariate(0, 0.3),
            leaves_after=random.randint(0, 3) if leaves else None,
        )


# Logits of 53.33, 44.44, 60.37 and 61.23 % right and the mean scores 1.00 and 1.27:
# Grad-CAM (arXiv 1610.02391), sections 5.1 and 5.2.
_PAPER = {
    "discrimination": {
        "deconvnet": 0.134,
        "guided_backprop": -0.223,
        "deconv_grad_cam": 0.421,
        "guided_grad_cam": 0.457,
    },
    "trust": {"guided_backprop": 1.0, "guided_grad_cam": 1.27},
}

POPULATIONS: Mapping[str, Population] = {
    "paper": Population("as the Grad-CAM paper reports people", _PAPER, {"trust": 1.0}),
    "able": Population("right most of the time", {}, {"discrimination": 1.5, "trust": 1.0}),
    "guessing": Population("no effect at all", {}, {}, person_sd=0.0, photo_sd=0.0),
    "leaning": Population("no effect, but a pull to B and to the first option", {}, {}, bias=0.8),
    "careless": Population(
        "able, but four answers in ten without looking",
        {},
        {"discrimination": 1.5, "trust": 1.0},
        carelessness=0.4,
        milliseconds=900.0,
    ),
    "leaving": Population(
        "able, but three in ten leave before the end",
        {},
        {"discrimination": 1.5, "trust": 1.0},
        drop_out=0.3,
    ),
}
