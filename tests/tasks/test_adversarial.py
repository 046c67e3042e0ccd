"""The ready study of attacked photos, from the attack to its report."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from ready.adversarial import ABSENT, SEED, network_asked, probabilities, write
from ready.photos.cutouts import Cutout, read_cutouts
from ready.photos.scenes import compose
from studyapp.models import Prediction, Stimulus, Study
from tests.ready.drawn_cutouts import draw_cutouts
from tests.tasks.ready_walks import opened, report_of


def as_it_says(originals: Path, cutouts: Sequence[Cutout]) -> Iterator[Cutout]:
    """Drawn things that are what the network takes them for, so that it is right about them."""
    network = network_asked()
    for number, one in enumerate(cutouts):
        scene = compose(originals, [one], f"{SEED}/attack/{number}")
        said = network.labels[int(probabilities(network, scene.photo).argmax())]
        yield replace(one, name=said, accepted=(said,))


def sure_of_what_is_absent(study: Study) -> list[float]:
    """How sure the site's own predictions are of it, photo by photo; 0 where it isn't first."""
    absent = network_asked().labels.index(ABSENT)
    first = {row.case_id: row.top[0] for row in Prediction.objects.all()}
    found = [first[one.case_id] for one in study.images.order_by("name")]
    return [probability if index == absent else 0.0 for index, _, probability in found]


@pytest.mark.django_db
@pytest.mark.usefixtures("own_place")
def test_the_attack_outlives_the_sites_own_reading_of_the_file(tmp_path: Path) -> None:
    originals = draw_cutouts(tmp_path / "originals")
    subjects = list(as_it_says(originals, read_cutouts()[:80:20]))
    make = partial(write, originals, subjects=subjects, count=4)
    study = opened(tmp_path, "adversarial", make, trials="2", people="4", stimuli="2")
    attacked, left_alone = sure_of_what_is_absent(study)[::2], sure_of_what_is_absent(study)[1::2]
    assert min(attacked) > 0.5
    assert left_alone == [0, 0]
    labels = network_asked().labels
    main = Stimulus.objects.filter(role="main").order_by("facts__stratum")
    assert [row.facts["stratum"] for row in main] == ["right", "wrong"]
    for row in main:
        assert labels[row.facts["classes"][row.facts["correct"]]] == row.category
    assert "which_map" in report_of(study, 2)
