"""What went wrong in one study's preparation decides nothing in the next one's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as current

from sandbox.small_line import make_line
from studyapp.models import Crop, Explanation, Overlay, Prediction, Study, Work, WorkState
from studyapp.studies.lifecycle import open_study, start_preparing
from studyapp.studies.preparation.advance import PreparationError, _damaged_requests
from studyapp.studies.preparation.progress import failures
from tasks.preparation import prepare
from tests.tasks.conftest import Kept
from tests.tasks.test_bad_files import make_preparing, work

pytestmark = pytest.mark.django_db


def prepare_whole(folder: Path) -> None:
    study = make_preparing(folder / "study")
    work(study)
    study.refresh_from_db()
    assert study.prepared_at is not None, study.problem


@pytest.fixture(scope="module")
def kept_study(kept: Kept) -> Iterator[Path]:
    with kept(prepare_whole) as folder:
        yield folder


@pytest.fixture
def study(prepared_study: Study) -> Study:
    return prepared_study


def prepare_second(folder: Path) -> Study:
    """A study of the same photos and networks, loaded after the first."""
    second = start_preparing(make_line(folder, photos=6, stimuli=4, slug="second"))
    work(second)
    second.refresh_from_db()
    return second


@pytest.mark.parametrize("died", [False, True])
def test_what_failed_for_another_study_is_tried_again_for_this_one(
    study: Study, kept_study: Path, died: bool
) -> None:
    spoiled: list[Work] = []
    for model in (Prediction, Explanation, Overlay, Crop):
        row = model._default_manager.order_by("pk")[0]
        digests = {Prediction: {}, Explanation: {"map_digest": ""}}.get(model, {"digest": ""})
        rows = model._default_manager.filter(pk=row.pk)
        rows.update(state=WorkState.FAILED, error="no room last week", attempts=3, **digests)
        if died:  # as rows were failed at which workers had died
            rows.update(finished_at=None)
        spoiled.append(row)
    second = prepare_second(kept_study / "study")
    assert second.prepared_at is not None, second.problem
    assert second.slug != study.slug
    for row in spoiled:
        row.refresh_from_db()
        assert (row.state, row.error) == (WorkState.READY, ""), row


def test_what_fails_again_for_this_study_is_not_tried_for_ever(
    study: Study, kept_study: Path
) -> None:
    spoiled = Explanation.objects.earliest("pk")
    rows = Explanation.objects.filter(pk=spoiled.pk)
    rows.update(state=WorkState.FAILED, error="last week", map_digest="", class_index=5000)
    second = prepare_second(kept_study / "study")
    rows_again = Explanation.objects.get(pk=spoiled.pk)
    assert second.preparing_since is not None
    work(second)
    assert Explanation.objects.get(pk=spoiled.pk).finished_at == rows_again.finished_at


def test_a_failed_plain_picture_is_listed_with_its_reason(study: Study) -> None:
    Crop.objects.filter(pk=Crop.objects.earliest("pk").pk).update(
        state=WorkState.FAILED, digest="", error="the photo is gone"
    )
    assert [one.rpartition(": ")[2] for one in failures(study)] == ["the photo is gone"]


def test_preparing_again_draws_damaged_pictures_anew_and_the_study_opens(study: Study) -> None:
    for model in (Overlay, Crop):
        victim = model._default_manager.earliest("pk")
        (Path(current.MEDIA_ROOT) / victim.file).write_bytes(b"something else")
    study = start_preparing(study)
    work(study)
    study.refresh_from_db()
    assert study.prepared_at is not None, study.problem
    assert open_study(study).is_open


def test_a_picture_that_is_damaged_again_and_again_is_told(study: Study) -> None:
    victim = Overlay.objects.earliest("pk")
    Overlay.objects.filter(pk=victim.pk).update(attempts=3)
    (Path(current.MEDIA_ROOT) / victim.file).unlink()
    with pytest.raises(PreparationError, match="made 3 times and is missing or damaged again"):
        list(_damaged_requests(study))
    start_preparing(study)
    prepare(study.pk)
    study.refresh_from_db()
    assert "check the disk or the bucket" in study.problem
