"""From photos to pictures for every kind of question, with a real network and in this process."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from django.conf import settings
from django.core.files.storage import default_storage
from PIL import Image as Picture

import explainer
from sandbox.small_line import BUILDER, photo
from studyapp.models import Explanation, Image, Overlay, Stimulus, StimulusRole, Study
from studyapp.studies.lifecycle import open_study, start_preparing
from studyapp.studies.loading import load_study
from studyapp.studies.preparation.advance import study_networks
from tasks import networks
from tasks.networks import describe
from tasks.stored_files import open_image
from tests.tasks.conftest import Kept
from tests.tasks.test_bad_files import work

pytestmark = pytest.mark.django_db
BOTH = 'conditions = ["map", "nothing"]'
THREE = 'conditions = ["map", "nothing", "borrowed"]'
STUDY = f"""
slug = "kinds"
title = "Kinds of questions"
kind = "pilot"
texts = {{ consent = "text.md", instructions = "text.md", debrief = "text.md" }}
images = {{ reader = "folder", folder = "photos" }}
pairs = {{ main = {{ stronger = "one" }} }}
arms = [
    {{ name = "seen", conditions = ["map", "both", "twice", "borrowed"] }},
    {{ name = "unseen", conditions = ["map", "both", "twice", "nothing"] }},
]
design = {{ seed = 1, people = 4, stimuli = 2, ratings = "nearest", side_balance = "nearest" }}
display = {{ size = 64 }}
conditions = [
    {{ name = "map", method = "grad_cam" }},
    {{ name = "both", method = "grad_cam", settings = {{ signed = true }} }},
    {{ name = "twice", method = "grad_cam", versus = "integrated_gradients" }},
    {{ name = "nothing", method = "none" }},
    {{ name = "borrowed", method = "other_image" }},
]
blocks = [
    {{ name = "t", paradigm = "trust", trials = 2, conditions = ["twice"] }},
    {{ name = "a", paradigm = "agreement", trials = 2, {THREE} }},
    {{ name = "d", paradigm = "distinction", trials = 2, conditions = ["both"] }},
    {{ name = "l", paradigm = "meta_prediction", stage = "learning", trials = 2, {BOTH} }},
    {{ name = "m", paradigm = "meta_prediction", trials = 2, {BOTH} }},
    {{ name = "r", paradigm = "reliance", trials = 2, {BOTH} }},
    {{ name = "p", paradigm = "pointing", trials = 2, conditions = ["map"] }},
]

[networks.one]
builder = "{BUILDER}"
weights = "random"
labels = "labels.txt"
layer = "features.11"
"""
PHOTOS = 26


def prepare(folder: Path) -> None:
    """Half of the study's photos are named rightly by the network, half are not."""
    network = explainer.load_network(BUILDER, weights=None)
    first = int(network.predict(network.prepare([photo(0)]))[0].argmax())
    for seed in range(PHOTOS):
        place = folder / "photos" / f"class_{first if seed % 2 else 999 - first}"
        place.mkdir(parents=True, exist_ok=True)
        photo(seed).save(place / f"{seed}.png")
    (folder / "labels.txt").write_text("\n".join(f"class {n}" for n in range(1000)))
    (folder / "text.md").write_text("Plain words.")
    (folder / "kinds.toml").write_text(STUDY)
    found = start_preparing(load_study(folder / "kinds.toml"))
    for row in study_networks(found):
        describe(row)
    work(found)
    found.refresh_from_db()
    assert found.prepared_at is not None, found.problem


@pytest.fixture(scope="module")
def kept_study(kept: Kept) -> Iterator[Path]:
    with kept(prepare) as folder:
        yield folder


@pytest.fixture
def study(prepared_study: Study) -> Study:
    return prepared_study


def pixels(overlay: Overlay) -> Any:
    with default_storage.open(overlay.file) as file:
        return np.asarray(Picture.open(io.BytesIO(file.read())).convert("RGB"))


def test_every_kind_of_question_is_prepared_and_opens(study: Study) -> None:
    strata = study.stimuli.filter(paradigm="agreement", role=StimulusRole.MAIN)
    assert sorted(row.facts["stratum"] for row in strata) == ["right", "wrong"]
    assert open_study(study).is_open


def test_four_maps_of_one_page_are_drawn_on_one_scale(study: Study) -> None:
    stimulus = Stimulus.objects.filter(paradigm="distinction", role=StimulusRole.MAIN).first()
    uses = list(stimulus.overlays.select_related("overlay__explanation").order_by("role"))
    assert [use.role for use in uses] == [f"option_{number}" for number in range(4)]
    classes = [use.overlay.explanation.class_index for use in uses]
    assert classes == stimulus.facts["classes"]
    maps = [
        explainer.store.load_maps(
            Path(settings.MEDIA_ROOT) / use.overlay.explanation.map_file,
            use.overlay.explanation.map_digest,
        )["map"]
        for use in uses
    ]
    for use in uses:
        assert use.overlay.normalised_with.count() == 4
        assert use.overlay.scope_digest
    row = uses[1].overlay
    network = networks.loaded(row.explanation.network)
    crop = network.crop(open_image(row.explanation.case.image, network), size=row.display["size"])
    display = explainer.Display.from_settings(row.display)
    joint = explainer.render(maps[1], crop, display, together=tuple(maps), signed=True)
    assert (pixels(row) == np.asarray(joint)).all()


def test_two_methods_of_one_network_stand_at_the_two_sides(study: Study) -> None:
    stimulus = Stimulus.objects.filter(paradigm="trust", role=StimulusRole.MAIN).first()
    found = {
        use.role: use.overlay.explanation.method
        for use in stimulus.overlays.select_related("overlay__explanation")
    }
    assert found == {"stronger": "grad_cam", "weaker": "integrated_gradients"}


def test_a_maps_checks_are_kept_with_its_row(study: Study) -> None:
    row = (
        Explanation.objects.filter(method="integrated_gradients")
        .select_related("case__image", "network")
        .first()
    )
    network = networks.loaded(row.network)
    seen = network.prepare([open_image(row.case.image, network)])
    found = explainer.explain(network, seen, [row.class_index], ["integrated_gradients"])
    told = {name: float(values[0]) for name, values in found.checks["integrated_gradients"].items()}
    assert row.checks == pytest.approx(told, rel=1e-3, abs=1e-5)
    assert set(told) == {"completeness_error"}
    assert not Explanation.objects.filter(method="grad_cam").exclude(checks={}).exists()


def test_only_what_is_shown_is_explained(study: Study) -> None:
    foretold = study.stimuli.filter(paradigm="meta_prediction")
    assert not Overlay.objects.filter(
        uses__stimulus__in=foretold.filter(role=StimulusRole.MAIN)
    ).exists()
    learnt = foretold.filter(role=StimulusRole.LEARNING)
    assert Overlay.objects.filter(uses__stimulus__in=learnt).count() == learnt.count() == 2
    assert not Overlay.objects.filter(uses__condition__name="nothing").exists()


def test_a_borrowed_map_is_of_the_next_photo_whatever_batch_it_was_made_in(study: Study) -> None:
    order = sorted(study.images.values_list("case__image__sha256", flat=True))
    rows = Explanation.objects.filter(method="other_image").select_related("case__image", "network")
    assert rows.count() >= 2
    for row in rows:
        place, other = order.index(row.case.image.sha256), order.index(row.settings["photo"])
        between = [*order[place + 1 :], *order[:place]]
        names = {use.image.sha256: use.categories[0]["name"] for use in study.images.all()}
        first = next(one for one in between if names[one] != names[row.case.image.sha256])
        assert order[other] == first
        assert row.provenance["settings"]["photo"] == first
        network = networks.loaded(row.network)
        lent = network.prepare([open_image(Image.objects.get(sha256=first), network)])
        whole = explainer.explain(network, lent, methods=("grad_cam",))["grad_cam"]
        found = explainer.store.load_maps(Path(settings.MEDIA_ROOT) / row.map_file, row.map_digest)[
            "map"
        ]
        enlarged = torch.nn.functional.interpolate(
            whole[None], size=found.shape, mode="bilinear", align_corners=False
        )[0, 0]
        assert np.abs(found - enlarged.numpy()).max() < 1e-5
