"""Simulated people answer as what they are made of says."""

import json
import math
from collections import Counter
from dataclasses import asdict, replace
from random import Random
from statistics import fmean

import pytest

from studyapp.models import Condition, Image, Side, Stage, Stimulus, Trial
from studyapp.paradigms import PARADIGMS, Asked
from studyapp.sections.design import DisplaySection
from studyapp.simulation.profiles import POPULATIONS, Profile
from tests.paradigms.examples import block_of

NOBODY = Profile(
    latents={}, latent=0.0, shift=0.0, photo_sd=0.0, photo_seed=1, bias=0.0, carelessness=0.0,
    milliseconds=1000.0, leaves_after=None,
)  # fmt: skip


def make_trial(paradigm: str, *, side: Side = Side.NONE, method: str = "grad_cam") -> Trial:
    """A trial that stands in no database."""
    stimulus = Stimulus(paradigm=paradigm, category="b", options=["a", "b"], facts={"right": 1})
    trial = Trial(
        position=5,
        paradigm=paradigm,
        stage=Stage.MAIN,
        stimulus=stimulus,
        image=Image(sha256="3" * 64),
        condition=Condition(name=method, method=method),
        stronger_side=side,
        option_order=[1, 0],
    )
    trial.keys = PARADIGMS[paradigm].keys_of(trial, block_of(paradigm))
    return trial


def outcomes(profile: Profile, trial: Trial, count: int = 4000) -> list[int]:
    random, scores = Random(8), trial.keys["value"]
    return [scores[str(given(profile, trial, random))] for _ in range(count)]


def given(profile: Profile, trial: Trial, random: Random) -> object:
    """What the person enters as the main answer on a page with nothing else."""
    block = PARADIGMS[trial.paradigm].block(name="main", paradigm=trial.paradigm, trials=1)
    asked = Asked(trial, block, DisplaySection.model_validate({}))
    return profile.answers(asked, random)["value"]


@pytest.mark.parametrize("latent", [-1.0, 0.0, 1.5])
def test_a_person_is_right_as_often_as_their_ability_says(latent: float) -> None:
    right = fmean(outcomes(replace(NOBODY, latent=latent), make_trial("discrimination")))
    assert right == pytest.approx(1 / (1 + math.exp(-latent)), abs=0.03)


@pytest.mark.parametrize("side", [Side.A, Side.B])
def test_trust_favours_the_stronger_network_wherever_it_stands(side: Side) -> None:
    trial = make_trial("trust", side=side)
    assert fmean(outcomes(replace(NOBODY, latent=1.0), trial)) == pytest.approx(0.95, abs=0.06)


def test_a_pull_to_one_side_cancels_over_both_sides() -> None:
    leaning = replace(NOBODY, bias=0.8)
    scores = [fmean(outcomes(leaning, make_trial("trust", side=side))) for side in (Side.A, Side.B)]
    assert scores[0] < -0.6
    assert scores[1] > 0.6
    assert sum(scores) == pytest.approx(0, abs=0.08)


def test_a_method_has_its_own_ability() -> None:
    profile = replace(NOBODY, latents={"deconvnet": -9.0}, latent=9.0)
    trials = [make_trial("discrimination", method=name) for name in ("deconvnet", "grad_cam")]
    assert [set(outcomes(profile, trial, 50)) for trial in trials] == [{0}, {1}]


def test_careless_people_fail_checks_and_careful_ones_pass() -> None:
    check = make_trial("trust", side=Side.B)
    check.stage, check.expected = Stage.CHECK, 2
    random = Random(2)
    careful = Counter(given(NOBODY, check, random) for _ in range(100))
    careless = Counter(given(replace(NOBODY, carelessness=1.0), check, random) for _ in range(1000))
    assert careful == {2: 100}
    assert set(careless) == {-2, -1, 0, 1, 2}


def test_the_expected_outcome_is_what_many_answers_come_to() -> None:
    profile = replace(NOBODY, latent=0.7, bias=0.5, carelessness=0.2, photo_sd=0.5)
    trial = make_trial("trust", side=Side.A)
    assert profile.expected(trial) == pytest.approx(fmean(outcomes(profile, trial)), abs=0.12)


def test_the_same_seed_draws_the_same_person() -> None:
    people = [POPULATIONS["leaving"].person("trust", Random(4), photo_seed=1) for _ in range(2)]
    assert people[0] == people[1]
    assert people[0] != POPULATIONS["leaving"].person("trust", Random(5), photo_seed=1)


def test_a_profile_survives_as_json() -> None:
    profile = POPULATIONS["paper"].person("trust", Random(4), photo_seed=1)
    assert Profile(**json.loads(json.dumps(asdict(profile)))) == profile


def test_people_of_the_paper_are_as_right_as_it_printed() -> None:
    person = POPULATIONS["paper"].person("discrimination", Random(4), photo_seed=1)
    assert {name: person.latents[name] for name in PARADIGMS["discrimination"].published.means} == {
        "deconvnet": 0.134,
        "guided_backprop": -0.223,
        "deconv_grad_cam": 0.421,
        "guided_grad_cam": 0.457,
    }
    assert (person.latent, person.latents["trust"]) == (0.0, 1.0)
    trusting = POPULATIONS["paper"].person("trust", Random(4), photo_seed=1)
    assert (trusting.latent, trusting.latents["guided_grad_cam"]) == (1.0, 1.27)


def test_able_people_tend_to_what_each_paradigm_says() -> None:
    person = POPULATIONS["able"].person("trust", Random(4), photo_seed=1)
    assert {"trust": person.latent, **person.latents} == {
        name: one.able for name, one in PARADIGMS.items() if one.simulate is not None
    }
    assert min(person.latents.values()) > 0
