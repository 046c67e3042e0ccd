"""What a network was asked stands over the pictures, whole, and leaves them large."""

import pytest
from playwright.sync_api import Page

from sandbox.builders import give_further_photos, open_small_study
from sandbox.walking import keep_screenshot, wait_for_trial
from studyapp.models import Case, Study, StudyImage
from studyapp.studies.definition.study import study_definition
from tests.browser.conftest import SIZES, Begun, resize

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHORT = "What colour is the kettle?"
LONG = "The kettle that stands beside the window of the kitchen. " * 8


def questioned(text: str, paradigm: str) -> Study:
    """An open study whose photos were asked about with a text."""
    study = open_small_study(paradigm=paradigm, trials=2)
    for photo in study.images.select_related("case__image"):
        case = Case.objects.of(photo.case.image, f'"{text.strip()}"')
        StudyImage.objects.filter(pk=photo.pk).update(case=case, shown=text.strip())
    images = {**study.definition["images"], "cases": "questions.csv"}
    Study.objects.filter(pk=study.pk).update(definition={**study.definition, "images": images})
    found = Study.objects.get(pk=study.pk)
    assert study_definition(found).images.cases
    return found


@pytest.mark.parametrize("paradigm", ["trust", "agreement", "discrimination"])
@pytest.mark.parametrize("text", [SHORT, LONG], ids=["short", "long"])
def test_a_question_is_read_whole_and_the_pictures_stay(
    begun: Begun, text: str, paradigm: str
) -> None:
    page = begun(questioned(text, paradigm))
    kind = "long" if text is LONG else "short"
    introduced = "Given with the photo" if text is LONG else "The question was"
    for size in SIZES:
        resize(page, size)
        page.reload()
        wait_for_trial(page)
        keep_screenshot(page, f"question-{paradigm}-{size}-{kind}")
        assert page.locator(".context").inner_text() == f"{introduced}: {text.strip()}"
        assert_all_is_seen(page)


def assert_all_is_seen(page: Page) -> None:
    """The question above the stage, in low windows beside it; pictures that are large enough."""
    shown = page.locator(".context")
    assert shown.evaluate("one => one.scrollWidth <= one.clientWidth + 1")
    above, stage = shown.bounding_box(), page.locator(".stage").bounding_box()
    is_low = page.viewport_size["height"] < 480
    if is_low:
        assert stage["x"] + stage["width"] <= above["x"] + 1
    else:
        assert above["y"] + above["height"] <= stage["y"] + 1
    answers = page.locator(".answers").first.bounding_box()
    below = stage["y"] + stage["height"] if is_low else answers["y"]
    for picture in page.locator(".stage img").all():
        box = picture.bounding_box()
        assert min(box["width"], box["height"]) >= (96 if page.viewport_size["width"] > 320 else 90)
        assert box["y"] + 1 >= stage["y"]
        assert box["y"] + box["height"] <= below + 1


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_further_photos_are_seen_whole_and_the_pictures_stay(begun: Begun, size: str) -> None:
    page = begun(give_further_photos(open_small_study(paradigm="trust", trials=2)), size)
    wait_for_trial(page)
    keep_screenshot(page, f"further-{size}")
    boxes = [picture.bounding_box() for picture in page.locator(".further img").all()]
    stage, width = page.locator(".stage").bounding_box(), page.viewport_size["width"]
    assert len(boxes) == 2
    for box in boxes:
        assert box["width"] >= 120
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= stage["y"] + 1
    for picture in page.locator(".stage img").all():
        assert picture.bounding_box()["width"] >= 96
