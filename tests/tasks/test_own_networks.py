"""Studies of networks that are the researcher's own go the way of all others."""

import math
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from django.db import IntegrityError
from django.urls import reverse
from PIL import Image
from pytest_django import Settings

from explainer import load_network
from photos import Channels
from sandbox.small_line import empty_broker
from studyapp.models import Crop, Explanation, Network, Overlay, Prediction, Study
from studyapp.models import Image as Photo
from studyapp.sections.networks_and_images import NetworkSection
from studyapp.studies.definition.file import DefinitionError, parse_definition
from studyapp.studies.lifecycle import start_preparing
from studyapp.studies.loading import load_study
from studyapp.studies.photos.readers import ReaderError
from tasks import networks, predictions, preparation
from tasks.stored_files import photo_bytes
from tests.admin.desk import administrator
from tests.explainer.networks.test_channels import as_file, land, satellite
from tests.tasks.test_bad_files import work

pytestmark = pytest.mark.django_db

FACTORY = "tests.explainer.networks.own_factories:small"
STUDY = """
slug = "own"
title = "Own"
kind = "pilot"
texts = { consent = "text.md", instructions = "text.md", debrief = "text.md" }
images = { reader = "folder", folder = "photos" }
pairs = { main = { stronger = "one" } }
conditions = [{ name = "map", method = "grad_cam" }]
blocks = [{ name = "main", paradigm = "agreement", trials = 2 }]
design = { seed = 1, people = 4, stimuli = 2, ratings = "nearest" }

[networks.one]
"""
TIMM = """
builder = "timm:resnet10t"
weights = "checkpoint.pth"
labels = "labels.txt"
options = { size = 64 }
"""
OWN = f"""
builder = "{FACTORY}"
weights = "package"
options = {{ width = 48 }}
"""


def loaded(folder: Path, network: str) -> Study:
    empty_broker()
    (folder / "text.md").write_text("Text.")
    (folder / "study.toml").write_text(STUDY + network)
    (folder / "labels.txt").write_text("cat\ndog\nfox\n")
    for name, colour in (("cat", "green"), ("dog", "brown")):
        path = folder / "photos" / name / "1.png"
        path.parent.mkdir(parents=True)
        Image.new("RGB", (64, 64), colour).save(path)
    return load_study(folder / "study.toml")


def prepared(study: Study) -> Study:
    start_preparing(study)
    preparation.prepare(study.pk)
    return Study.objects.get(pk=study.pk)


def test_a_timm_network_with_a_checkpoint_from_training_is_asked(tmp_path: Path) -> None:
    own = timm.create_model("resnet10t", num_classes=3).state_dict()
    checkpoint = {"state_dict": {f"module.{key}": v for key, v in own.items()}, "epoch": 9}
    torch.save(checkpoint, tmp_path / "checkpoint.pth")
    assert prepared(loaded(tmp_path, TIMM)).problem == ""
    assert Prediction.objects.count() == 2
    row = Network.objects.get()
    assert row.labels == ["cat", "dog", "fox"]
    assert row.described["name"] == "timm:resnet10t.c3_in1k"
    said = 'from "state_dict", without the prefix "module."'
    assert row.described["weights_taken_off"] == said


def test_a_factorys_network_is_asked_where_site_and_worker_allow_it(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.NETWORK_FACTORIES = [FACTORY]
    study = loaded(tmp_path, OWN)
    monkeypatch.setenv("NETWORK_FACTORIES", "")
    told = prepared(study).problem
    assert f"the factory {FACTORY} is not allowed here" in told
    assert "add it to the environment variable NETWORK_FACTORIES" in told
    assert not Prediction.objects.exists()
    monkeypatch.setenv("NETWORK_FACTORIES", FACTORY)
    assert prepared(study).problem == ""
    assert Prediction.objects.count() == 2
    assert Network.objects.get().labels == ["cat", "dog", "fox"]


def test_a_grid_reaches_the_worker_and_every_record_and_changes_no_other_digest(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.NETWORK_FACTORIES = [FACTORY]
    monkeypatch.setenv("NETWORK_FACTORIES", FACTORY)
    study = loaded(tmp_path, f"{OWN}grid = [4, 4, 1]\n")
    assert prepared(study).problem == ""
    row = Network.objects.get()
    assert (row.grid, row.described["grid"]) == ([4, 4, 1], [4, 4, 1])
    assert networks.loaded(row).grid == (4, 4, 1)
    plain = NetworkSection(builder=FACTORY, weights="package")
    assert "grid" not in plain.model_dump()


def sigmoid_study(folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Study:
    settings.NETWORK_FACTORIES = [FACTORY]
    monkeypatch.setenv("NETWORK_FACTORIES", FACTORY)
    return loaded(folder, f'{OWN}probabilities = "sigmoid"\n')


def test_each_class_by_itself_reaches_predictions_and_digests(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert prepared(sigmoid_study(tmp_path, settings, monkeypatch)).problem == ""
    row = Network.objects.get()
    assert (row.probabilities, row.described["probabilities"]) == ("sigmoid", "sigmoid")
    assert row.is_multi_label
    prediction = Prediction.objects.order_by("pk").first()
    predictions.predict(Study.objects.get().pk, row.pk, [prediction.pk])
    prediction.refresh_from_db()
    for _, logit, probability in prediction.top:
        assert probability == pytest.approx(1 / (1 + math.exp(-logit)), abs=1e-5)
    plain = NetworkSection(builder=FACTORY, weights="package")
    assert "probabilities" not in plain.model_dump()
    digests = {networks.settings_digest(one, "grad_cam", {}) for one in (row, softmax_of(row))}
    assert len(digests) == 2


SEVERAL = "tests.explainer.networks.own_factories:several"


def described_before(
    folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> tuple[Study, Network, Prediction]:
    """A study whose network's row was filled before the form of its answers was recorded, and the
    first of its predictions."""
    settings.NETWORK_FACTORIES = [SEVERAL]
    monkeypatch.setenv("NETWORK_FACTORIES", SEVERAL)
    study = prepared(loaded(folder, f'builder = "{SEVERAL}"\nweights = "package"\n'))
    row, first = Network.objects.get(), Prediction.objects.order_by("pk").first()
    predictions.predict(study.pk, row.pk, [first.pk])
    assert row.described.pop("probabilities") == "sigmoid"
    row.save()
    first.refresh_from_db()
    return study, row, first


def test_a_network_described_before_its_form_was_recorded_gets_it(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, row, _ = described_before(tmp_path, settings, monkeypatch)
    assert not row.is_multi_label
    assert prepared(study).problem == ""
    row.refresh_from_db()
    assert row.is_multi_label


def test_a_network_that_reads_its_stored_predictions_otherwise_is_refused(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, row, first = described_before(tmp_path, settings, monkeypatch)
    shares = torch.tensor([logit for _, logit, _ in first.top]).softmax(0).tolist()
    first.top = [[k, logit, p] for (k, logit, _), p in zip(first.top, shares, strict=True)]
    first.save()
    told = prepared(study).problem
    assert "now reads its classes by sigmoid, and its stored predictions were read other" in told
    assert "give every worker the function of before" in told
    row.refresh_from_db()
    assert not row.is_multi_label


def softmax_of(row: Network) -> Network:
    values = {"weights": row.weights, "options": row.options, "builder": row.builder}
    return Network.objects.create(digest="0" * 64, **values)


def test_a_network_says_the_classes_of_one_half_or_more_if_it_reads_each_by_itself() -> None:
    top = [[4, 2.0, 0.88], [1, 0.0, 0.5], [2, -1.0, 0.27]]
    row = Network(described={"probabilities": "sigmoid"})
    assert [row.said(top), row.said(top[2:]), Network().said(top[2:])] == [2, 0, 1]


def test_a_form_of_probabilities_that_nobody_knows_is_refused_by_the_database() -> None:
    with pytest.raises(IntegrityError, match="network_probabilities_known"):
        Network.objects.create(builder="b", weights="w", digest="d", probabilities="tanh")


LAND = "tests.explainer.networks.test_channels:land"
SATELLITES = f"""
builder = "{LAND}"
weights = "package"
layer = "2"
"""


def satellites(folder: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Path:
    """A study of twelve channels: a TIFF file and an array, in folders named by their class."""
    settings.NETWORK_FACTORIES = [LAND]
    monkeypatch.setenv("NETWORK_FACTORIES", LAND)
    empty_broker()
    (folder / "text.md").write_text("Text.")
    images = 'images = { reader = "folder", folder = "photos", channels = 12, smallest_side = 32 }'
    text = STUDY.replace('images = { reader = "folder", folder = "photos" }', images)
    pixels = 'conditions = [{ name = "map", method = "edges" }, { name = "lines", method = '
    text = text.replace(
        'conditions = [{ name = "map", method = "grad_cam" }]', f'{pixels}"gradient" }}]'
    )
    (folder / "study.toml").write_text(text + SATELLITES)
    scores = land().predict(
        land().prepare([Channels(satellite(n).astype(np.float32)) for n in (0, 1)])
    )
    first, second = (land().labels[int(row.argmax())] for row in scores)
    wrong = next(name for name in land().labels if name not in (first, second))
    for name in (first, wrong):
        (folder / "photos" / name).mkdir(parents=True)
    (folder / "photos" / first / "a.tif").write_bytes(as_file(satellite()))
    np.save(folder / "photos" / wrong / "b.npy", satellite(1))
    return folder / "study.toml"


@pytest.mark.usefixtures("own_place")
def test_people_see_the_shown_channels_of_what_a_network_of_twelve_was_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    study = load_study(satellites(tmp_path, monkeypatch, settings))
    start_preparing(study)
    networks.describe(Network.objects.get())
    work(study)
    assert Study.objects.get(pk=study.pk).problem == ""
    assert Prediction.objects.filter(state="ready").count() == 2
    assert sorted(Path(one.file).suffix for one in Photo.objects.all()) == [".npy", ".tiff"]
    network = networks.loaded(Network.objects.get())
    crops = Crop.objects.filter(state="ready")
    assert crops
    for row in crops:
        with Image.open(Path(settings.MEDIA_ROOT) / row.file) as picture:
            shown = np.asarray(picture.convert("RGB"), dtype=float)
        expected = network.crop(network.open(photo_bytes(row.image)), row.size)
        assert np.abs(shown - np.asarray(expected, dtype=float)).mean() < 4  # WebP has losses
    assert Overlay.objects.filter(state="ready").count() == Overlay.objects.count() > 0
    assert not Overlay.objects.exclude(state="ready")


def test_files_and_networks_have_to_agree_on_their_channels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    path = satellites(tmp_path, monkeypatch, settings)
    path.write_text(path.read_text().replace("channels = 12", "channels = 4"))
    with pytest.raises(ReaderError, match=r"a\.tif: has 12 channels, and 4 are declared"):
        load_study(path)
    path.write_text(path.read_text().replace("channels = 4, ", ""))
    with pytest.raises(ReaderError, match=r"a\.tif: not a whole photo|holds no photo"):
        load_study(path)
    settings.NETWORK_FACTORIES = [LAND, FACTORY]
    monkeypatch.setenv("NETWORK_FACTORIES", f"{LAND},{FACTORY}")
    own = path.read_text().replace(LAND, FACTORY).replace('layer = "2"', "")
    path.write_text(own.replace("smallest_side", "channels = 12, smallest_side"))
    told = prepared(load_study(path)).problem
    assert "takes photos, and the study gives files of 12 channels" in told
    assert "leave channels out, or let the network declare them" in told


def test_channels_are_refused_where_nobody_could_declare_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    text = satellites(tmp_path, monkeypatch, settings).read_text()
    for before, after, why in (
        (f'"{LAND}"\nweights = "package"', '"vgg16"\nweights = "random"', "takes photos, and"),
        ('reader = "folder"', 'reader = "coco"', "annotations are for photos"),
        (
            "smallest_side",
            'compose = "pair", smallest_side',
            "files with .* can't be put side by side",
        ),
    ):
        with pytest.raises(DefinitionError, match=why):
            parse_definition(text.replace(before, after), "study.toml")


COUNTING = "tests.explainer.networks.own_factories:counting"


def counted(
    folder: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings, **given: int
) -> Study:
    """A study of a network with a number of answers, prepared up to its pictures."""
    settings.NETWORK_FACTORIES = [COUNTING]
    monkeypatch.setenv("NETWORK_FACTORIES", COUNTING)
    options = ", ".join(f"{key} = {value}" for key, value in given.items())
    own = f'builder = "{COUNTING}"\nweights = "package"\noptions = {{ {options} }}\n'
    return loaded(folder, own)


def test_a_network_with_21_000_answers_is_asked_and_explained(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = counted(tmp_path, monkeypatch, settings)
    network = load_network(COUNTING, weights="package")
    for photo in study.images.all():  # one photo is what the network takes it for
        image = network.prepare([network.open((tmp_path / "photos" / photo.name).read_bytes())])
        first = int(network.predict(image)[0].argmax())
        name = f"answer {first}" if photo.name.startswith("cat") else "answer 7"
        photo.categories = [{"name": name, "accepted": [name], "boxes": []}]
        photo.save()
    study = start_preparing(study)
    preparation.prepare(study.pk)
    work(study)
    study.refresh_from_db()
    assert study.prepared_at is not None, study.problem
    assert all(len(row.top) == 20 for row in Prediction.objects.all())
    assert max(Explanation.objects.values_list("class_index", flat=True)) > 1000
    page = administrator().get(reverse("admin:study_gallery", args=[study.pk]))
    assert study.stimuli.earliest("pk").category in page.content.decode()


@pytest.mark.parametrize(
    ("given", "told"),
    [({"answers": 1}, "only one class"), ({"answers": 5, "named": 4}, "4 labels for 5 outputs")],
)
def test_answers_that_no_question_can_tell_apart_are_refused(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, given: dict[str, int],
    told: str,
) -> None:  # fmt: skip
    study = prepared(counted(tmp_path, monkeypatch, settings, **given))
    assert told in study.problem
    assert not Prediction.objects.exists()
