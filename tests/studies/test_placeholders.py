"""A real study does not open while a sample's placeholder stands in it."""

from pathlib import Path

import pytest
from django.conf import settings

from sandbox.builders import ETHICS, make_study
from studyapp.models import Study, StudyKind
from studyapp.studies.copies import marked_copy
from studyapp.studies.lifecycle import LifecycleError, open_study

pytestmark = pytest.mark.django_db
SAMPLE = Path(settings.ROOT) / "fixtures" / "studies" / "texts" / "consent.md"
BEFORE = "# Taking part\n\n*This text is a frame. Write your own.*\n"


def study_with(consent: str, **options: object) -> Study:
    study = make_study(kind="real", ethics=ETHICS, **options)
    study.texts.filter(name="consent").update(markdown=consent)
    return study


@pytest.mark.parametrize("consent", [SAMPLE.read_text("utf-8"), BEFORE])
def test_a_samples_consent_is_refused_by_name_and_line(consent: str) -> None:
    with pytest.raises(LifecycleError, match=r"consent\.md, line 3: .+ is a placeholder"):
        open_study(study_with(consent))


def test_a_placeholder_of_the_definition_is_refused_by_its_key() -> None:
    study = make_study(kind="real", ethics={**ETHICS, "contact": "[[whom people ask]]"})
    with pytest.raises(LifecycleError, match=r"`ethics\.contact`: .*placeholder"):
        open_study(study)


def test_own_words_open_and_so_do_demonstrations_and_previews() -> None:
    assert open_study(study_with("# Our own words [1] [a](b)", slug="own")).is_open
    assert open_study(study_with(BEFORE, slug="shown", demo=True)).is_open
    assert marked_copy(study_with(BEFORE, slug="real"), StudyKind.PILOT, 1, people=2).is_open
