"""What pages show of the photos that a network gets beside a trial's own."""

import re

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils.translation import override

from photos.questions import context_text
from sandbox.builders import give_further_photos, open_small_study, take_part
from studyapp.models import Case, Crop, Study, StudyImage
from studyapp.participations.answering import planned
from studyapp.studies.definition.study import study_definition
from studyapp.views.examples import example_of
from studyapp.views.trials import following_pictures, further_of, pictures_of, trial_context

pytestmark = pytest.mark.django_db


def beside(paradigm: str = "trust") -> Study:
    """An open study each of whose photos stands beside the next one and one of no trial."""
    return give_further_photos(open_small_study(paradigm=paradigm, trials=2, stimuli=6))


def words(template: str, context: dict[str, object]) -> str:
    return " ".join(re.sub("<.*?>", " ", render_to_string(template, context)).split())


@pytest.mark.parametrize(
    ("language", "said", "alt"),
    [
        ("en", "Given with the photo: Photo 2 Photo 3", 'alt="Photo 2"'),
        ("de", "Zusammen mit dem Foto gegeben: Foto 2 Foto 3", 'alt="Foto 2"'),
    ],
)
def test_further_photos_are_captioned_in_the_pages_language(
    language: str, said: str, alt: str
) -> None:
    study = beside()
    person = take_part(study, "reader")
    context = trial_context(person, planned(person)[0], study_definition(study))
    with override(language):
        assert words("participants/further.html", context) == said
        assert alt in render_to_string("participants/further.html", context)
        example = example_of(take_part(study, "another"), study_definition(study))
        assert words("participants/further.html", example) == said
        assert "/p/" not in " ".join(example["further"])


@pytest.mark.parametrize(
    ("asked", "shown", "said"),
    [
        ("A dog that", "A dog that", "Given with the photo: A dog that Photo 2 Photo 3"),
        ("Which?", "Which?", "The question was: Which? Given with the photo: Photo 2 Photo 3"),
        ("A dog that", "A tale", "A tale Given with the photo: Photo 2 Photo 3"),
    ],
)
def test_what_is_given_with_the_photo_is_introduced_once(asked: str, shown: str, said: str) -> None:
    study = beside()
    for use in study.images.select_related("case__image"):
        case = Case.objects.of(use.image, context_text(asked), use.case.further)
        StudyImage.objects.filter(pk=use.pk).update(case=case, shown=shown)
    person = take_part(study, "reader")
    context = trial_context(person, planned(person)[0], study_definition(study))
    above = (words(f"participants/{name}.html", context) for name in ("context", "further"))
    assert " ".join(above) == said


@pytest.mark.parametrize("paradigm", ["trust", "agreement", "pointing"])
def test_further_photos_are_those_of_the_trials_case_in_their_order(paradigm: str) -> None:
    study = beside(paradigm)
    definition = study_definition(study)
    for trial in planned(take_part(study, "reader")):
        case = Case.objects.get(uses=trial.stimulus.photo_id)
        network = trial.condition.pair.stronger
        wanted = [Crop.objects.get(image=one, network=network).code for one in case.further]
        assert further_of(trial, definition) == wanted
        assert len(wanted) == 2


def test_a_further_photo_is_sent_to_those_who_are_at_a_trial_that_shows_it(client: Client) -> None:
    study = beside()
    definition = study_definition(study)
    person = take_part(study, "reader")
    trials = planned(person)
    ahead = following_pictures(person, list(trials[1:]), definition)["following"]
    for trial in trials:
        for code in further_of(trial, definition):
            assert client.get(f"/p/{person.code}/{code}.png").status_code == 200
    assert all(code in ahead for code in further_of(trials[1], definition))
    shown = {code for trial in trials for code in further_of(trial, definition)}
    shown |= {code for trial in trials for code in pictures_of(trial, definition).values()}
    others = [crop.code for crop in Crop.objects.exclude(code__in=shown)]
    assert others
    for code in others:
        assert client.get(f"/p/{person.code}/{code}.png").status_code == 404
