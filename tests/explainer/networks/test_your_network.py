"""The functions that docs/your-network.md shows make networks that answer as their libraries do."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torchvision.models.segmentation import lraspp_mobilenet_v3_large
from transformers import (
    AutoModelForImageClassification,
    AutoTokenizer,
    BertTokenizer,
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPTokenizer,
    CLIPVisionConfig,
    ResNetConfig,
    ResNetForImageClassification,
    ViltConfig,
    ViltForQuestionAnswering,
)

from explainer import ExplainerError, examine, explain, explain_many, load_network, settings_digest
from explainer.networks.functions import told
from tests.explainer.coco_sets import noisy_photos
from tests.explainer.small_networks import noise

PAGE = Path(__file__).parents[3] / "docs" / "your-network.md"


@pytest.fixture
def _written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's Python, in the files that it names, allowed and importable."""
    blocks = re.findall(r"```python\n# (\S+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    for name, text in blocks:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    named = ("hugging_face:classifier", "clip:clip", "questions:vilt", "segmenter:segmenter")
    monkeypatch.setenv("NETWORK_FACTORIES", ", ".join(f"my_lab.{one}" for one in named))


@pytest.mark.usefixtures("_written")
def test_hugging_faces_classifier_answers_as_itself(tmp_path: Path) -> None:
    sizes: dict[str, Any] = {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]}
    labels = {0: "cat", 1: "dog", 2: "fox"}
    config = ResNetConfig(**sizes, layer_type="basic", num_labels=3, id2label=labels)
    ResNetForImageClassification(config).save_pretrained(tmp_path / "resnet")
    path = tmp_path / "resnet" / "model.safetensors"
    network = load_network("my_lab.hugging_face:classifier", weights=path)
    own = AutoModelForImageClassification.from_pretrained(path.parent, local_files_only=True)
    images = noise(2, 3, 64, 64)
    torch.testing.assert_close(network.predict(images), own.eval()(images).logits.detach())
    assert network.labels == ("cat", "dog", "fox")
    found = explain(network, images, methods=["grad_cam", "occlusion"])
    assert found.layer == "resnet.encoder.stages.1"
    assert "transformers" in found.provenance["versions"]


@pytest.mark.usefixtures("_written")
def test_a_segmenter_is_asked_about_classes(tmp_path: Path) -> None:
    own = lraspp_mobilenet_v3_large(weights_backbone=None, num_classes=3).eval()
    torch.save(own.state_dict(), tmp_path / "segmenter.pth")
    weights = str(tmp_path / "segmenter.pth")
    network = load_network("my_lab.segmenter:segmenter", weights=weights, size=64)
    images = noise(2, 3, 64, 64)
    expected = own(images)["out"].mean((2, 3)).detach()
    torch.testing.assert_close(network.predict(images), expected)
    found = explain(network, images, ["dog", "cat"], ["grad_cam", "gradient"])
    asked = images.clone().requires_grad_()
    own(asked)["out"].mean((2, 3))[[0, 1], [2, 1]].sum().backward()
    torch.testing.assert_close(found["gradient"], asked.grad)
    assert found.layer == "backbone.16"


def saved_clip(folder: Path) -> Path:
    """A small CLIP that was never trained, with a tokenizer that spells."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    ends = [f"{letter}</w>" for letter in letters]
    pieces = ["<pad>", *letters, *ends, "<|startoftext|>", "<|endoftext|>"]
    tokenizer = CLIPTokenizer(vocab={piece: n for n, piece in enumerate(pieces)}, merges=[])
    tokenizer.save_pretrained(folder)
    sizes: dict[str, Any] = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "projection_dim": 8,
    }
    text = CLIPTextConfig(
        **sizes,
        vocab_size=len(pieces),
        max_position_embeddings=24,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=0,
    )
    vision = CLIPVisionConfig(**sizes, image_size=64, patch_size=16)
    config = CLIPConfig(
        text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=8
    )
    CLIPModel(config).save_pretrained(folder)
    assert json.loads((folder / "config.json").read_text())["projection_dim"] == 8
    return folder / "model.safetensors"


@pytest.mark.usefixtures("_written")
def test_clips_prompts_are_its_answers(tmp_path: Path) -> None:
    path = saved_clip(tmp_path / "clip")
    network = load_network("my_lab.clip:clip", weights=path, size=64)
    own = CLIPModel.from_pretrained(path.parent, local_files_only=True).eval()
    tokenizer = AutoTokenizer.from_pretrained(path.parent, local_files_only=True)
    names = ["a photo of a cat", "a photo of a dog", "a photo of a fox"]
    words = tokenizer(names, padding=True, return_tensors="pt")
    images = noise(2, 3, 64, 64)
    expected = own(**words, pixel_values=images).logits_per_image.detach()
    torch.testing.assert_close(network.predict(images), expected)
    found = explain(network, images, ["fox", "cat"], ["occlusion", "gradient"])
    assert found.maps["occlusion"].shape == (2, 64, 64)
    asked = images.clone().requires_grad_()
    own(**words, pixel_values=asked).logits_per_image[[0, 1], [2, 0]].sum().backward()
    torch.testing.assert_close(found["gradient"], asked.grad)


@pytest.mark.usefixtures("_written")
def test_maps_for_other_prompts_are_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, photos = saved_clip(tmp_path / "clip"), noisy_photos(tmp_path / "in", 2, (70, 70))

    def made() -> int:
        network = load_network("my_lab.clip:clip", weights=path, size=64)
        out = tmp_path / "out"
        return len(explain_many(network, photos, out, methods=["gradient"], progress=False).made)

    assert [made(), made()] == [2, 0]
    monkeypatch.setattr(sys.modules["my_lab.clip"], "NAMES", ["owl", "dog", "fox"])
    assert [made(), made()] == [2, 0]


def saved_vilt(folder: Path, *others: str) -> Path:
    """A small ViLT that was never trained, with a tokenizer of a few words."""
    folder.mkdir()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "what", "colour", "is", "it", "who"]
    words[5:7] = others or words[5:7]
    tokenizer = BertTokenizer(vocab={word: n for n, word in enumerate(words)})
    tokenizer.save_pretrained(folder)
    config = ViltConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=16, image_size=32, patch_size=8, max_position_embeddings=40,
        id2label={0: "red", 1: "blue", 2: "a cat"},
    )  # fmt: skip
    ViltForQuestionAnswering(config).save_pretrained(folder)
    return folder / "model.safetensors"


@pytest.mark.usefixtures("_written")
def test_vilt_is_asked_each_photos_question(tmp_path: Path) -> None:
    path = saved_vilt(tmp_path / "vilt")
    network = load_network("my_lab.questions:vilt", weights=path, size=32)
    questions = ["what colour is it", "who is it", "what colour is it"]
    images = noise(3, 3, 32, 32)
    images[1] = images[0]
    scores = network.asked(questions).predict(images)
    for place, question in enumerate(questions):
        alone = network.asked([question]).predict(images[place : place + 1])
        torch.testing.assert_close(scores[place : place + 1], alone)
    assert network.labels == ("red", "blue", "a cat")
    again = load_network("my_lab.questions:vilt", weights=path, size=32)
    assert settings_digest(again, "occlusion") == settings_digest(network, "occlusion")
    own = {"occlusion": {"patch": 8, "stride": 8}}
    found = explain(network, images, None, ["occlusion"], context=questions, settings=own)
    assert not torch.equal(found["occlusion"][0], found["occlusion"][1])
    examine(network.asked(questions[:1]), [("occlusion", {})])
    with pytest.raises(ExplainerError, match="give each image the context that it reads"):
        examine(network, [("occlusion", {})])


@pytest.mark.usefixtures("_written")
def test_maps_of_another_vocabulary_are_told_apart(tmp_path: Path) -> None:
    one, other = saved_vilt(tmp_path / "one"), saved_vilt(tmp_path / "two", "colour", "what")
    other.write_bytes(one.read_bytes())

    def call(path: Path) -> Any:
        return told(load_network("my_lab.questions:vilt", weights=path, size=32).call)

    assert call(one) != call(other)
