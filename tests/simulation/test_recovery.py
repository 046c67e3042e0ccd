"""An analysis finds again what simulated people were made of, whatever they were asked."""

from random import Random

import pytest

from sandbox.builders import open_small_study, take_part
from sandbox.people import answer_all
from studyapp.analyses.results import results
from studyapp.analyses.sources import tidy_study
from studyapp.paradigms import PARADIGMS
from studyapp.simulation.crowd import keep_profile
from studyapp.simulation.profiles import POPULATIONS
from studyapp.simulation.recovery import known_means, recovery, recovery_lines

pytestmark = pytest.mark.django_db
SCORED = sorted(name for name, one in PARADIGMS.items() if one.outcome is not None)


@pytest.mark.parametrize(
    ("paradigm", "steps"), [*((name, "two") for name in SCORED), ("reliance", "one")]
)
def test_the_known_mean_lies_in_the_estimates_interval(paradigm: str, steps: str) -> None:
    block = {"name": "main", "paradigm": paradigm, "trials": 8}
    if paradigm == "reliance":
        block["steps"] = steps
    study = open_small_study(people=16, stimuli=8, trials=8, paradigm=paradigm, blocks=[block])
    for number in range(16):
        person = take_part(study, f"person-{number}")
        profile = POPULATIONS["able"].person(paradigm, Random(number), photo_seed=1)
        keep_profile(person.code, profile)
        answer_all(person, profile, seed=number)
    known = known_means(study, paradigm)
    found = recovery(known, results(tidy_study(study, paradigm)))
    assert set(found) == {"guided_backprop", "guided_grad_cam"}
    # Both intervals hold their value in about 90 of 100 such studies; the seed is one of them.
    for row in found.values():
        assert row["recovered"], row


def test_known_means_are_those_of_each_wording() -> None:
    blocks = [
        {"name": name, "paradigm": "trust", "trials": 4, "stimuli": 4, **own}
        for name, own in (("plain", {}), ("own", {"question": "Whom would you choose?"}))
    ]
    study = open_small_study(people=8, stimuli=8, blocks=blocks)
    for number in range(8):
        person = take_part(study, f"person-{number}")
        profile = POPULATIONS["able"].person("trust", Random(number), photo_seed=1)
        keep_profile(person.code, profile)
        answer_all(person, profile, seed=number)
    known, found = known_means(study, "trust"), results(tidy_study(study))
    assert set(known) == set(found["methods"])
    assert None not in [row["estimate"] for row in recovery(known, found).values()]
    assert "not compared: maps is analysed" in " ".join(
        recovery_lines(recovery({"maps": 1.0}, found))
    )
