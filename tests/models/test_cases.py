"""A case: what a network is asked, known by the photo's and the context's digest."""

import pytest
from django.db import IntegrityError, transaction

from photos.questions import context_text
from sandbox.builders import make_image
from studyapp.models import Case, Network, Prediction

pytestmark = pytest.mark.django_db


def test_a_photo_without_a_context_is_the_case_of_its_own_digest() -> None:
    image = make_image("one")
    case = Case.objects.of(image)
    assert (case.digest, case.asked_with) == (image.sha256, None)
    assert Case.objects.of(image) == case


def test_each_context_of_a_photo_is_a_case_of_its_own() -> None:
    one, other = make_image("one"), make_image("other")
    asked = context_text("What colour?")
    cases = [
        Case.objects.of(image, context) for image in (one, other) for context in ("", asked, "1")
    ]
    assert len({case.digest for case in cases}) == 6
    assert Case.objects.of(one, asked) == cases[1]


@pytest.mark.parametrize(
    "context", ["“Wo?”", 0, False, 1e22, 0.1, [], {"b": [1.0, None], "a": "é"}]
)
def test_a_context_is_read_as_it_was_written(context: object) -> None:
    case = Case.objects.of(make_image("one"), context_text(context))
    read = Case.objects.get(pk=case.pk)
    assert read.asked_with == context
    assert type(read.asked_with) is type(context)
    assert Case.objects.of(read.image, context_text(read.asked_with)) == case


def test_a_network_predicts_each_case_of_a_photo_once() -> None:
    image = make_image("one")
    network = Network.objects.create(builder="own", weights="own", digest="0" * 64)
    cases = [Case.objects.of(image, context_text(text)) for text in ("Who?", "Where?")]
    for case in cases:
        Prediction.objects.create(case=case, network=network)
    with pytest.raises(IntegrityError, match="prediction_once"), transaction.atomic():
        Prediction.objects.create(case=cases[0], network=network)
