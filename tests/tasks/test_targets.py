"""Studies of a segmenter and of a detector: their classes are explained where they see them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.db import IntegrityError
from django.urls import reverse
from pytest_django import Settings

import explainer
from explainer import METRICS, ExplainerError, read_target, targets
from explainer.pictures.photos import open_photo
from sandbox.builders import take_part
from sandbox.people import answer_all, make_profile
from sandbox.small_line import empty_broker
from studyapp.exports.bundle import write_bundle
from studyapp.models import Case, Explanation, MetricValue, Network, Study, WorkState
from studyapp.models import Image as Photo
from studyapp.sections.networks_and_images import NetworkSection
from studyapp.studies.definition.file import DefinitionError, parse_definition
from studyapp.studies.lifecycle import close_study, open_study, start_preparing
from studyapp.studies.loading import load_study
from studyapp.studies.preparation.measuring import start_measuring
from studyapp.studies.preparation.progress import failures
from studyapp.studies.preparation.targets import (
    digest_of_target,
    explained_in,
    refuse_other_text,
    target_of,
)
from tasks import pregenerate, preparation
from tasks.metrics import measure
from tasks.stored_files import stored_map
from tests.admin.desk import administrator
from tests.explainer.small_segmenter import (
    DETECTOR,
    NAMES,
    PLACES,
    SEGMENTER,
    detector,
    picture,
    segmenter,
)
from tests.tables import rows_of
from tests.tasks.test_bad_files import work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_place")]
STUDY = f"""
slug = "regions"
title = "Regions"
kind = "pilot"
texts = {{ consent = "text.md", instructions = "text.md", debrief = "text.md" }}
images = {{ reader = "folder", folder = "photos", smallest_side = 16 }}
pairs = {{ main = {{ stronger = "own", weaker = "other" }} }}
conditions = [{{ name = "map", method = "grad_cam" }}, {{ name = "pixels", method = "gradient" }}]
blocks = [{{ name = "main", paradigm = "trust", trials = 2 }}]
design = {{ seed = 1, people = 4, stimuli = 4, ratings = "nearest" }}
display = {{ size = 96 }}

[networks.own]
builder = "{SEGMENTER}"
weights = "package"
target = "region"

[networks.other]
builder = "{SEGMENTER}"
weights = "package"
options = {{ strength = 5 }}
target = "region"
"""
PHOTOS = {
    "red/both.png": ("red", "green"),
    "red/second.png": ("", "red"),
    "green/first.png": ("green", "blue"),
    "green/second.png": ("blue", "green"),
}


@pytest.fixture(autouse=True)
def _allowed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.NETWORK_FACTORIES = [SEGMENTER, DETECTOR]
    monkeypatch.setenv("NETWORK_FACTORIES", f"{SEGMENTER},{DETECTOR}")


def loaded(folder: Path, text: str = STUDY) -> Study:
    empty_broker()
    for name, things in PHOTOS.items():
        path = folder / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(*things).save(path)
    (folder / "text.md").write_text("Text.")
    (folder / "study.toml").write_text(text)
    return load_study(folder / "study.toml")


def prepared(study: Study) -> Study:
    """As workers would, in this process."""
    start_preparing(study)
    preparation.prepare(study.pk)
    work(Study.objects.get(pk=study.pk))
    study.refresh_from_db()
    assert study.prepared_at is not None, [study.problem, *failures(study)]
    return study


def image_of(network: explainer.Network, case: Case, folder: Path) -> Any:
    for name in PHOTOS:
        data = (folder / "photos" / name).read_bytes()
        if Photo.objects.get(cases=case).width and Case.objects.filter(pk=case.pk, uses__name=name):
            return network.prepare([open_photo(data)])
    raise AssertionError(case)


def place_of(row: Explanation) -> tuple[int, int, int, int]:
    """Where the thing of the row's class lies in its photo."""
    things = PHOTOS[row.case.uses.get().name]
    return PLACES[things.index(NAMES[row.class_index])]


def test_each_network_is_explained_over_its_own_region_of_each_photo(tmp_path: Path) -> None:
    prepared(loaded(tmp_path))
    rows = Explanation.objects.select_related("case__image", "network")
    assert rows.count() == 16
    for row in rows:
        network = segmenter(**row.network.options)
        wanted = targets.PredictedRegion(row.class_index)
        assert (row.target, row.target_digest) == (wanted.text(), wanted.digest())
        region = targets.Segmented.of_box(row.class_index, (24, 24), place_of(row))
        assert row.provenance["targets"] == [region.text()]
        image = image_of(network, row.case, tmp_path)
        found = explainer.explain(network, image, [region], [row.method])
        np.testing.assert_allclose(stored_map(row), found[row.method][0], atol=1e-6)
    assert {row.class_index for row in rows} == {1, 2}


def make_row(case: Case, network: Network, class_index: int, method: str, target: str = "") -> Any:
    from tasks.networks import settings_digest

    return Explanation.objects.create(
        case=case,
        network=network,
        class_index=class_index,
        method=method,
        settings_digest=settings_digest(network, method, {}),
        target=target,
        target_digest=digest_of_target(target),
    )


def test_rows_of_one_batch_keep_their_own_target_class_and_photo(tmp_path: Path) -> None:
    study = start_preparing(loaded(tmp_path))
    preparation.prepare(study.pk)
    row = Network.objects.get(options={})
    cases = {one.name: one.case for one in study.images.all()}
    whole = targets.Segmented.of_box(1, (24, 24), (0, 0, 24, 24)).text()
    asked = [
        ("red/both.png", 1, target_of(row, 1)),
        ("red/both.png", 2, target_of(row, 2)),
        ("red/both.png", 1, ""),
        ("red/both.png", 2, ""),
        ("red/both.png", 1, whole),
        ("red/second.png", 1, target_of(row, 1)),
        ("red/second.png", 1, ""),
        ("green/first.png", 2, target_of(row, 2)),
        ("green/second.png", 2, target_of(row, 2)),
    ]
    made = [
        make_row(cases[name], row, class_, method, target)
        for name, class_, target in asked
        for method in ("grad_cam", "gradient")
    ]
    pregenerate.explain(study.pk, row.pk, [one.pk for one in made])
    network = segmenter()
    for one in Explanation.objects.filter(pk__in=[one.pk for one in made]):
        assert one.state == WorkState.READY, one.error
        image = image_of(network, one.case, tmp_path)
        wanted: Any = read_target(one.target) if one.target else [one.class_index]
        found = explainer.explain(network, image, wanted, [one.method])
        np.testing.assert_allclose(stored_map(one), found[one.method][0], atol=1e-6)
    of_photo = Explanation.objects.filter(method="gradient", case=cases["red/both.png"])
    assert len(set(of_photo.values_list("map_digest", flat=True))) == of_photo.count() == 5


def test_a_class_without_a_region_fails_alone_with_the_reason(tmp_path: Path) -> None:
    study = start_preparing(loaded(tmp_path))
    preparation.prepare(study.pk)
    row = Network.objects.get(options={})
    cases = [one.case for one in study.images.order_by("name")]
    made = [make_row(case, row, 1, "grad_cam", target_of(row, 1)) for case in cases]
    pregenerate.explain(study.pk, row.pk, [one.pk for one in made])
    states = {one.case.uses.get().name: (one.state, one.error) for one in Explanation.objects.all()}
    assert [name for name, (state, _) in states.items() if state == WorkState.READY] == [
        "red/both.png", "red/second.png",
    ]  # fmt: skip
    assert "class 1 scores highest at no pixel: ask" in states["green/first.png"][1]
    named = "grad_cam of class 1 by the target PredictedRegion"
    assert {str(one).partition(", ")[0] for one in made} == {named}


def test_a_target_of_another_class_or_another_digest_is_never_made(tmp_path: Path) -> None:
    study = start_preparing(loaded(tmp_path))
    preparation.prepare(study.pk)
    row, case = Network.objects.get(options={}), study.images.get(name="red/both.png").case
    other = make_row(case, row, 1, "grad_cam", target_of(row, 2))
    stale = make_row(case, row, 1, "gradient", target_of(row, 1))
    Explanation.objects.filter(pk=stale.pk).update(target_digest="0" * 64)
    strange = make_row(case, row, 1, "edges", json.dumps({"target": "Chosen", "version": 1}))
    pregenerate.explain(study.pk, row.pk, [other.pk, stale.pk, strange.pk])
    for one, said in (
        (other, "is not of the row's class 1"),
        (stale, "is not the one that its row is known by"),
        (strange, "Chosen lacks class_"),
    ):
        one.refresh_from_db()
        assert (one.state, said in one.error) == (WorkState.FAILED, True), one.error


def test_two_targets_of_one_class_are_two_rows_and_a_target_has_its_digest(tmp_path: Path) -> None:
    study = start_preparing(loaded(tmp_path))
    row, case = Network.objects.first(), study.images.first().case
    values = {"case": case, "network": row, "class_index": 1, "method": "edges"}
    text = target_of(row, 1)
    Explanation.objects.create(**values, settings_digest="0" * 64)
    known = {**values, "settings_digest": "0" * 64, "target": text}
    Explanation.objects.create(**known, target_digest=digest_of_target(text))
    with pytest.raises(IntegrityError, match="explanation_target_has_a_digest"):
        Explanation.objects.create(**known)


def test_the_site_writes_targets_as_the_explainer_reads_them() -> None:
    for word, kind in {"region": targets.PredictedRegion, "box": targets.SurestBox}.items():
        text = target_of(Network(target=word), 7)
        assert (text, read_target(text)) == (kind(7).text(), kind(7))
        assert digest_of_target(text) == kind(7).digest()
    assert (target_of(Network(), 7), digest_of_target("")) == ("", "")


TEXT = targets.PredictedRegion(1).text()
BOX = targets.Detected(1, (0.0, 1.0, 2.0, 3.0)).text()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("region", "is not JSON"),
        ("[1]", "has no name"),
        (TEXT.replace(", ", ","), "is not written as its digest takes it"),
        (targets.PredictedRegion(2).text(), "is not of its row's class 1"),
        ('{"target": "Detected"}', "has no box of four numbers"),
        (BOX.replace(", 3.0]", "]"), "has no box of four numbers"),
        (BOX.replace("3.0", '"3"'), "has no box of four numbers"),
    ],
)
def test_a_bundle_brings_no_target_that_is_not_one_of_its_row(text: str, said: str) -> None:
    refuse_other_text(TEXT, 1)
    refuse_other_text(targets.Channel(7).text(), 1)
    refuse_other_text(BOX, 1)
    with pytest.raises(ValueError, match=said):
        refuse_other_text(text, 1)


@pytest.mark.django_db(transaction=True)
def test_from_the_file_to_the_gallery_and_once_more_from_the_bundle(
    tmp_path: Path, settings: Settings
) -> None:
    study = open_study(prepared(loaded(tmp_path)))
    start_measuring(study)
    uses = study.stimuli.get(photo__name="red/second.png").overlays
    use = uses.get(role="stronger", condition__name="map")
    measure([use.measurement.pk])
    network, region = segmenter(), targets.Segmented.of_box(1, (24, 24), PLACES[1])
    image = network.prepare([picture("", "red")])
    maps = explainer.explain(network, image, region, ["grad_cam"])["grad_cam"]
    expected = float(METRICS["deletion_auc"].compute(network, image, maps, region)[0])
    value = MetricValue.objects.get(use=use, metric="deletion_auc").value
    assert value == pytest.approx(expected, abs=1e-6)

    person = answer_all(take_part(study, "reader"), make_profile("trust"))
    desk = administrator()
    gallery = desk.get(reverse("admin:study_gallery", args=[study.pk])).content.decode()
    assert "over the region that the network gives it" in gallery
    assert desk.get(f"/replay/{person.code}/1").status_code == 200
    study = close_study(study)
    bundle = write_bundle(study, tmp_path / "bundle", photos=True, analysis=False).path
    names = ("explanations", "networks", "predictions", "stimuli", "judgments")
    before = {name: rows_of(bundle, name) for name in names}
    assert {row["target"] for row in before["networks"]} == {"region"}
    told = {read_target(row["target"]) for row in before["explanations"]}
    assert told == {targets.PredictedRegion(1), targets.PredictedRegion(2)}

    call_command("flush", interactive=False, verbosity=0)
    settings.MEDIA_ROOT = str(tmp_path / "another")
    call_command("import_bundle", str(bundle), verbosity=0)
    again = Study.objects.get()
    for row in Explanation.objects.all():
        assert row.target_digest == read_target(row.target).digest()
    found = write_bundle(again, tmp_path / "again", photos=True, analysis=False).path
    assert {name: rows_of(found, name) for name in before} == before
    gallery = administrator().get(reverse("admin:study_gallery", args=[again.pk]))
    assert "over the region that the network gives it" in gallery.content.decode()


def test_a_detectors_class_is_explained_in_its_surest_box(tmp_path: Path) -> None:
    text = STUDY.replace(SEGMENTER, DETECTOR).replace('"region"', '"box"')
    own = (
        text.partition("[networks.other]")[0]
        .replace(', weaker = "other"', "")
        .replace('"trust"', '"agreement"')
    )
    photos = {**PHOTOS, "blue/wrong.png": ("", "green"), "blue/also.png": ("red", "")}
    for name, things in photos.items():
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(*things).save(path)
    prepared(loaded(tmp_path, own))
    rows = Explanation.objects.filter(method="grad_cam").select_related("case__image")
    assert rows.count() == 4
    for row in rows:
        things = photos[row.case.uses.get().name]
        place = PLACES[things.index(NAMES[row.class_index])]
        box = targets.Detected(row.class_index, tuple(map(float, place)))
        assert row.provenance["targets"] == [box.text()]
        image = detector().prepare([picture(*things)])
        found = explainer.explain(detector(), image, box, ["grad_cam"])
        np.testing.assert_allclose(stored_map(row), found["grad_cam"][0], atol=1e-6)
    sides = ", ".join(map(str, place))
    assert explained_in(row) == f"in the box of its surest detection ({sides})"


REFUSED = {
    "answers without the background": (
        ("options = { strength = 5 }", "options = { drop = true }"),
        "segments 4 classes, and has 3 answers: give it a label and a score for each class",
    ),
    "boxes of a segmenter": (('target = "region"', 'target = "box"'), "not detections"),
    "regions of a detector": (
        (SEGMENTER, DETECTOR),
        "part of the output is dict, not a tensor: name a target that fits the network, such as a "
        "box of a detector (box), or give",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_network_that_does_not_fit_its_target_is_told_before_any_photo(
    tmp_path: Path, name: str
) -> None:
    (before, after), said = REFUSED[name]
    text = STUDY.replace(before, after)
    if name == "regions of a detector":
        text = text.replace("options = { strength = 5 }", "")
        text = text.replace(', weaker = "other"', "").replace('"trust"', '"agreement"')
    study = start_preparing(loaded(tmp_path, text))
    preparation.prepare(study.pk)
    study.refresh_from_db()
    assert said in study.problem
    assert not Explanation.objects.exists()


def test_a_study_file_can_ask_for_regions_of_no_classifier() -> None:
    text = STUDY.replace(f'"{SEGMENTER}"\nweights = "package"', '"vgg16"\nweights = "random"', 1)
    said = 'networks.own.target = "region"`: vgg16 classifies the whole photo; remove `target`, or'
    with pytest.raises(DefinitionError, match=said):
        parse_definition(text, "study.toml")
    with pytest.raises(DefinitionError, match=r"`: 'area' is unknown; known: box, region"):
        parse_definition(STUDY.replace('"region"', '"area"', 1), "study.toml")
    assert "target" not in NetworkSection(builder=SEGMENTER, weights="package").model_dump()


def test_examining_tells_of_a_segmenter_without_a_layer() -> None:
    from dataclasses import replace

    bare = replace(segmenter(), layer=None)
    with pytest.raises(ExplainerError, match="grad_cam needs a layer, and the last map"):
        explainer.examine(bare, [("gradient", {}), ("grad_cam", {})], target="region")
    explainer.examine(bare, [("gradient", {})], target="region")
    with pytest.raises(ExplainerError, match="propagation has no rule for mean"):
        explainer.examine(segmenter(), [("lrp", {})], target="region")
