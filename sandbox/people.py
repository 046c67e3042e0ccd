"""People who answer a whole small study without a browser, through the site's own functions."""

from random import Random

from sandbox.builders import take_part
from studyapp.models import Judgment, Participation, Study, Trial
from studyapp.paradigms import PARADIGMS, TrialForm
from studyapp.paradigms.presented import told_presentation
from studyapp.participations.answering import answer, current_trial
from studyapp.simulation.crowd import asked_in
from studyapp.simulation.presented import plausible_record
from studyapp.simulation.profiles import POPULATIONS, Profile
from studyapp.studies.definition.study import study_definition


def make_profile(paradigm: str = "trust", *, population: str = "able", seed: int = 1) -> Profile:
    return POPULATIONS[population].person(paradigm, Random(seed), photo_seed=seed)


def due(person: Participation) -> Trial:
    """The trial that is next."""
    trial = current_trial(person)
    assert trial is not None
    return trial


def give(person: Participation, value: int = 1, trial: Trial | None = None) -> Judgment:
    """Answer the trial that is next, or `trial`."""
    code = (trial or due(person)).code
    return answer(person, trial_code=code, value=value, data={}, timing={"rt_ms": 900})


def answer_all(
    person: Participation, profile: Profile, *, seed: int = 1, most: int = 999
) -> Participation:
    """Answer trial after trial as `profile` does, `most` of them at most; the person as stored."""
    random = Random(seed)
    for _ in range(most):
        trial = current_trial(person)
        if trial is None:
            break
        asked = asked_in(study_definition(person.study), trial)
        posted = {name: str(given) for name, given in profile.answers(asked, random).items()}
        form = TrialForm(posted, questions=PARADIGMS[trial.paradigm].asks(asked))
        assert form.is_valid(), form.errors
        told = plausible_record(asked, random)
        answer(
            person,
            trial_code=trial.code,
            value=form.value(),
            data=form.extra(),
            timing={"rt_ms": 1200, "presentation": told_presentation(told, asked)},
        )
    person.refresh_from_db()
    return person


def send_people(study: Study, count: int, *, paradigm: str = "trust", seed: int = 1) -> None:
    """`count` people who finish the study."""
    for number in range(count):
        profile = make_profile(paradigm, seed=seed * 1000 + number)
        answer_all(take_part(study, f"person-{number}"), profile, seed=seed * 1000 + number)
