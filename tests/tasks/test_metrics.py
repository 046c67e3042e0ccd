"""A worker measures the maps of a study once each, and boxes only where there are some."""

from pathlib import Path

import pytest
from pytest_django import Settings

from studyapp.models import MetricValue, StimulusOverlay
from tasks import networks
from tasks.metrics import ON_BOXES, ON_NETWORK, measure, unmeasured
from tests.tasks.small_line import empty_broker
from tests.tasks.test_bad_material import make_preparing, work

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    networks._load.cache_clear()
    empty_broker()


def leave_unmeasured(uses: list[StimulusOverlay], rest: list[StimulusOverlay]) -> None:
    """Measuring takes a while: give all but `uses` a number."""
    others = [use for use in rest if use not in uses]
    MetricValue.objects.bulk_create(MetricValue(use=one, metric="x", value=0) for one in others)


def test_a_map_is_measured_once_and_boxes_only_where_there_are_some(tmp_path: Path) -> None:
    study = make_preparing(tmp_path / "study")
    work(study)
    uses = list(unmeasured(study))
    boxed = uses[0]
    plain = next(one for one in uses if one.stimulus_id != boxed.stimulus_id)
    leave_unmeasured([boxed, plain], uses)
    photo = boxed.stimulus.photo
    photo.categories[0]["boxes"] = [[0, 0, photo.image.width, photo.image.height]]
    photo.save()
    measure(study.pk)
    values = {one.metric: one.value for one in MetricValue.objects.filter(use=boxed)}
    assert {*ON_BOXES, "deletion_auc", "insertion_auc"} <= set(values) <= {*ON_NETWORK, *ON_BOXES}
    assert values["energy_in_box"] == pytest.approx(1.0, abs=1e-5)
    assert values["pointing_game"] == 1.0
    named = set(MetricValue.objects.filter(use=plain).values_list("metric", flat=True))
    assert named
    assert named <= set(ON_NETWORK)
    count = MetricValue.objects.count()
    measure(study.pk)
    assert MetricValue.objects.count() == count
