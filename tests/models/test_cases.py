"""A case: what a network is asked, known by the photo's and the context's digest."""

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from photos.questions import context_text
from sandbox.builders import make_image
from studyapp.models import Case, CasePhoto, Network, Prediction

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


def test_further_photos_and_their_order_make_a_case_of_its_own() -> None:
    first, second, third = (make_image(name) for name in ("one", "two", "three"))
    asked = context_text("Which one?")
    cases = [
        Case.objects.of(first, context, further)
        for context in ("", asked)
        for further in ([], [second], [third], [second, third], [third, second])
    ]
    assert len({case.digest for case in cases}) == 10
    again = Case.objects.of(first, asked, [third, second])
    assert (again, again.further) == (cases[-1], [third, second])
    assert CasePhoto.objects.count() == 12
    assert cases[5].digest == Case.objects.of(first, asked).digest


def test_the_photos_of_a_case_are_never_changed() -> None:
    first, second, third = (make_image(name) for name in ("one", "two", "three"))
    case = Case.objects.of(first, "", [second])
    with pytest.raises(DatabaseError, match="are never changed"), transaction.atomic():
        case.photos.update(image=third)
    with pytest.raises(IntegrityError, match="case_photo_position_once"), transaction.atomic():
        CasePhoto.objects.create(case=case, image=third, position=2)
    with pytest.raises(IntegrityError, match="case_photo_after_the_first"), transaction.atomic():
        CasePhoto.objects.create(case=case, image=third, position=1)
