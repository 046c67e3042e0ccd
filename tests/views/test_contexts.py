"""What pages say of the text that a network is given with a photo."""

import re

import pytest
from django.template.loader import render_to_string
from django.utils.translation import override

from photos.questions import context_text
from sandbox.builders import open_small_study, take_part
from studyapp.models import Case, Study, StudyImage
from studyapp.participations.answering import planned
from studyapp.studies.definition.study import study_definition
from studyapp.views.examples import example_of
from studyapp.views.trials import trial_context

pytestmark = pytest.mark.django_db


def given(text: str, paradigm: str = "trust") -> Study:
    """An open study whose networks are given a text with each photo."""
    study = open_small_study(paradigm=paradigm, trials=2)
    for photo in study.images.select_related("case__image"):
        case = Case.objects.of(photo.case.image, context_text(text))
        StudyImage.objects.filter(pk=photo.pk).update(case=case, shown=text)
    images = {**study.definition["images"], "cases": "questions.csv"}
    Study.objects.filter(pk=study.pk).update(definition={**study.definition, "images": images})
    return Study.objects.get(pk=study.pk)


def words(template: str, context: dict[str, object]) -> str:
    shown = re.sub("<.*?>", " ", render_to_string(template, context))
    return " ".join(shown.split())


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("Is it bright?", "en", "The question was: Is it bright?"),
        ("Is it bright? ", "de", "Die Frage war: Is it bright?"),
        ("A dog that", "en", "Given with the photo: A dog that"),
        ("reach the door", "de", "Zusammen mit dem Foto gegeben: reach the door"),
    ],
)
def test_only_a_question_is_called_one(text: str, language: str, said: str) -> None:
    study = given(text)
    person = take_part(study, "reader")
    context = trial_context(person, planned(person)[0], study_definition(study))
    with override(language):
        assert words("participants/context.html", context) == said


@pytest.mark.parametrize(("paradigm", "marks"), [("trust", 1), ("which_answer", 0)])
def test_the_explained_word_is_marked_but_where_it_is_asked_for(paradigm: str, marks: int) -> None:
    study = given("A <b> dog", paradigm=paradigm)
    study.images.update(shown="A <b> **dog** and ** 2 cats")
    person = take_part(study, "reader")
    context = trial_context(person, planned(person)[0], study_definition(study))
    html = render_to_string("participants/context.html", context)
    assert html.count("<mark>dog</mark>") == html.count("<mark>") == marks
    assert "A &lt;b&gt; " in html
    assert words("participants/context.html", context) == "A &lt;b&gt; dog and ** 2 cats"


def test_asterisks_of_what_the_network_gets_as_it_stands_stay() -> None:
    study = given("A **dog**")
    person = take_part(study, "reader")
    context = trial_context(person, planned(person)[0], study_definition(study))
    assert words("participants/context.html", context) == "Given with the photo: A **dog**"


@pytest.mark.parametrize(
    ("text", "language", "said", "answered"),
    [
        ("Is it bright?", "en", "a question", "Both robots answered: an object"),
        ("Is it bright?", "de", "eine Frage", "Beide Roboter antworteten: ein Gegenstand"),
        ("A dog that", "en", "a text", "Both robots answered: an object"),
        ("", "en", "", "Both robots recognised: an object"),
    ],
)
def test_the_drawn_example_is_like_the_trials(
    text: str, language: str, said: str, answered: str
) -> None:
    study = given(text)
    with override(language):
        example = example_of(take_part(study, "reader"), study_definition(study))
        assert words("participants/context.html", example) == said
        page = {**example, "definition": study_definition(study)}
        assert answered in words(example["template"], page)
