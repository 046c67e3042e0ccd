"""timm's networks by name: what they see is what timm's own transform makes, to the last bit."""

import sys
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image

from explainer import ExplainerError, Preprocess, explain, load_network, weights_of
from explainer.__main__ import main
from explainer.networks.preprocessing import IMAGENET_MEAN
from explainer.networks.timm_networks import EMBEDDINGS, preprocess_of
from tests.explainer.small_networks import noise

SMALL = "timm:resnet10t"  # five million weights


def photo(width: int, height: int) -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


def kept(folder: Path, classes: int = 3) -> Path:
    path = folder / "weights.pth"
    torch.save(timm.create_model("resnet10t", num_classes=classes).state_dict(), path)
    return path


@pytest.mark.parametrize("size", [(400, 300), (333, 501), (120, 90), (224, 224), (61, 300)])
def test_every_preprocessing_of_timms_equals_its_own_transform(size: tuple[int, int]) -> None:
    """Each combination of size, crop, filter, mean and deviation that timm has weights for."""
    seen, different = photo(*size), {}
    for name in timm.list_pretrained():
        told = timm.data.resolve_data_config(
            pretrained_cfg=timm.models.get_pretrained_cfg(name).to_dict()
        )
        if told["input_size"][1] <= 336:
            different[repr(sorted(told.items()))] = told
    assert len(different) > 60
    for told in different.values():
        expected = timm.data.create_transform(**told, is_training=False)(seen)
        if not _refused(told):
            steps = preprocess_of("timm:x", told, None)
            assert torch.equal(steps.tensor(steps.crop(seen)), expected), told


def _refused(told: dict) -> bool:
    rare = told["crop_mode"] == "border" or told["crop_pct"] > 1
    if rare or told["input_size"][1] != told["input_size"][2]:
        with pytest.raises(ExplainerError, match=r"can't be shown.*: choose another tag"):
            preprocess_of("timm:x", told, None)
    return rare


@pytest.mark.parametrize("name", [SMALL, "timm:vit_tiny_patch16_224", "timm:mobilenetv3_small_050"])
def test_a_network_of_timms_is_loaded_with_its_own_transform(name: str) -> None:
    network, seen = load_network(name, weights="random", num_classes=3), photo(300, 260)
    own = timm.data.resolve_model_data_config(network.module)
    expected = timm.data.create_transform(**own, is_training=False)(seen)
    images = network.prepare([seen])
    assert torch.equal(images[0], expected)
    assert not network.module.training
    assert network.predict(images).shape == (1, 3)
    coarse = {"occlusion": {"patch": 112, "stride": 112}}
    found = explain(network, images, methods=["occlusion"], settings=coarse)
    assert found.provenance["versions"]["timm"]


def test_another_size_is_seen_by_networks_of_one_size_and_of_any() -> None:
    for name in (SMALL, "timm:vit_tiny_patch16_224"):
        network = load_network(name, weights=None, size=96, num_classes=3)
        assert network.predict(network.prepare([photo(300, 200)])).shape == (1, 3)
        assert network.steps.size == 96
        assert network.steps.digest() != load_network(name, weights=None).steps.digest()


def test_a_checkpoint_and_its_labels_make_a_network_of_timms(tmp_path: Path) -> None:
    labels = ["cat", "dog", "fox"]
    network = load_network(SMALL, weights=kept(tmp_path), labels=labels)
    plain = timm.create_model("resnet10t", num_classes=3).eval()
    plain.load_state_dict(torch.load(tmp_path / "weights.pth", weights_only=True))
    images = noise(2, 3, 64, 64)
    torch.testing.assert_close(network.module(images), plain(images))
    assert network.name == "timm:resnet10t.c3_in1k"
    with pytest.raises(ExplainerError, match=r"fc\.weight is \(3, 512\), not \(4, 512\)"):
        load_network(SMALL, weights=kept(tmp_path), num_classes=4)


def test_unknown_networks_and_tags_are_told_with_the_nearest() -> None:
    with pytest.raises(ExplainerError, match=r'no network "resnet10x": did you mean.*resnet10t'):
        load_network("timm:resnet10x", weights=None)
    with pytest.raises(ExplainerError, match=r'no "c4_in1k" of resnet10t: did you mean c3_in1k'):
        load_network("timm:resnet10t.c4_in1k", weights=None)
    with pytest.raises(ExplainerError, match=r'no network "hf-hub:timm/resnet10t"'):
        load_network("timm:hf-hub:timm/resnet10t", weights=None)
    with pytest.raises(ExplainerError, match=r'no weights "pretraind": name a file, or pretrained'):
        load_network(SMALL, weights="pretraind")
    with pytest.raises(ExplainerError, match=r'has no option "img_size": .*size'):
        load_network(SMALL, weights=None, img_size=224)


def test_pretrained_weights_never_meet_a_last_layer_that_was_drawn() -> None:
    assert weights_of(SMALL) == ["pretrained", "random"]
    with pytest.raises(ExplainerError, match=r"answer 1000 classes, not 3: name the file"):
        load_network(SMALL, weights="pretrained", labels=["cat", "dog", "fox"])
    with pytest.raises(ExplainerError, match="leave sha256 out"):
        load_network(SMALL, weights="pretrained", sha256="0" * 64)


@pytest.mark.parametrize(
    "name",
    [
        "vit_small_patch16_224.dino",
        "convnextv2_atto.fcmae",
        "vit_base_patch16_clip_224.openai",
        "vit_pe_core_base_patch16_224.fb",
    ],
)
def test_pretrained_weights_without_classes_are_refused_before_they_are_fetched(name: str) -> None:
    said = f"timm's weights of timm:{name} have no layer of classes: name the file of the weights"
    for classes in ({}, {"num_classes": 3}, {"labels": ["cat", "dog", "fox"]}):
        with pytest.raises(ExplainerError, match=said):
            load_network(f"timm:{name}", weights="pretrained", **classes)


def test_a_tag_without_classes_is_filled_from_a_file_by_its_labels(tmp_path: Path) -> None:
    torch.save(
        timm.create_model("convnextv2_atto", num_classes=3).state_dict(), tmp_path / "mine.pth"
    )
    network = load_network(
        "timm:convnextv2_atto.fcmae", weights=tmp_path / "mine.pth", labels=["cat", "dog", "fox"]
    )
    assert network.predict(noise(1, 3, 64, 64)).shape == (1, 3)


def test_no_set_of_classes_of_timms_is_taken_for_an_embedding() -> None:
    """Each of its weights with as many outputs as an embedding are of CLIP or a network like it."""
    for name in timm.list_pretrained():
        if timm.models.get_pretrained_cfg(name).num_classes in EMBEDDINGS:
            assert "clip" in name or "pe_core" in name, name


def test_weights_that_cant_be_fetched_are_told_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ExplainerError, match=r"can't make timm:resnet10t.*name a file of weights"):
        load_network(SMALL, weights="pretrained")


def test_without_timm_the_refusal_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ExplainerError, match="need the package timm: pip install timm"):
        load_network(SMALL, weights=None)


def test_squashed_photos_have_a_digest_of_their_own() -> None:
    assert Preprocess().digest() != Preprocess(squash=True).digest()
    assert Preprocess(squash=True).crop(photo(400, 200)).size == (224, 224)
    assert Preprocess().mean == IMAGENET_MEAN


def test_the_command_line_takes_a_network_of_timms(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo(90, 80).save(tmp_path / "cat.png")
    names = tmp_path / "labels.txt"
    names.write_text("cat\ndog\nfox\n", encoding="utf-8")
    given = ["--network", SMALL, "--weights", str(kept(tmp_path)), "--labels", str(names)]
    to = ["--out", str(tmp_path / "maps"), "--option", "size=64"]
    assert main(["explain", str(tmp_path / "cat.png"), *given, *to]) == 0
    assert "1 explained" in capsys.readouterr().err
    assert main(["networks"]) == 0
    assert "timm:NAME" in capsys.readouterr().out
