"""Networks on a card: placed there, read back once for a batch, and said in what they made.

No card is needed: `PretendedCard` has its rules. `bench/gpu.py` compares every value on a real one.
"""

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from explainer import ExplainerError, Network, explain, explain_many, load_network
from explainer.laboratory.dissection import unit_importances
from explainer.laboratory.evaluation import Case, evaluate
from explainer.laboratory.metrics import METRICS
from explainer.passes.devices import arithmetic, brought_back, device_named, memory_for, placed
from explainer.passes.footprint import LARGEST_ON_CARD, Footprint
from tests.explainer.coco_sets import noisy_photos
from tests.explainer.pretended_card import PretendedCard
from tests.explainer.small_networks import EVERY, Convolutions, noise, seeded
from tests.explainer.small_transformers import vit

COLOURS = ["red", "green", "blue", "black", "white"]


def on_card(**values: Any) -> Network:
    network = Network(seeded(lambda: Convolutions(torch.relu)), labels=COLOURS, **values)
    network.module.to("meta")
    return network


def small() -> Any:
    from explainer import Preprocess

    return Preprocess(size=32, resize=32)


# What makes the host wait beside the one copy of all maps, and why
WAITS = {
    "eigen_cam": 1,  # PyTorch looks whether an eigendecomposition went well
    "random_weights": 4,  # of the first batch alone: the other weights, drawn on the host
    "other_image": 1,  # without a photo of its own: which images of the batch are not alike
}


def waited(card: PretendedCard) -> int:
    return card.reads + card.sent + card.waits


def test_every_method_stays_on_the_card_and_waits_for_it_once_a_batch(tmp_path: Path) -> None:
    other = {"other_image": {"photo": str(noisy_photos(tmp_path, 1)[0])}}
    network = on_card(preprocess=small())
    few = {"occlusion": {"patch": 8, "stride": 8}, "smooth_grad": {"samples": 3}}
    for name in EVERY:
        with PretendedCard() as card:
            found = explain(network, noise(2, 3, 32, 32), [[0, 1], [2, 3]], (name,), settings=few)
        assert (name, waited(card)) == (name, 1 + WAITS.get(name, 0))
        assert found[name].device.type == found.outputs.device.type == "cpu"
    with PretendedCard() as card:
        explain(network, noise(4, 3, 32, 32), None, EVERY, settings={**few, **other})
    assert (card.reads, card.sent, card.waits) == (1, 0, 1)


@pytest.mark.parametrize(
    ("method", "settings"),
    [
        ("integrated_gradients", {"points": "trapezoid"}),
        ("integrated_gradients", {"points": "gauss_legendre"}),
        *(("occlusion", {"patch": 8, "stride": 8, "fill": fill}) for fill in ("mean", "blur")),
        ("smooth_grad", {"samples": 3, "statistic": "variance"}),
        ("grad_cam", {"signed": True}),
        ("score_cam", {"stages": 2}),
    ],
)  # fmt: skip
def test_no_setting_makes_the_host_wait_more_often(method: str, settings: dict[str, Any]) -> None:
    network = on_card()
    with PretendedCard() as card:
        explain(network, noise(2, 3, 32, 32), [1, 2], (method,), settings={method: settings})
    assert waited(card) == 1


@pytest.mark.parametrize(
    ("method", "waits"),
    [
        *((name, 1) for name in ("legrad", "generic_attention", "gradient_attention")),
        ("attention_rollout", 1),
        ("grad_cam", 2),  # whether the patch tokens have a gradient at all, which it refuses if not
    ],
)
def test_a_transformer_on_a_card_waits_once_a_batch_but_where_tokens_may_be_unread(
    method: str, waits: int
) -> None:
    network, images = Network(vit()), noise(2, 3, 32, 32)
    explain(network, images, [1, 2], (method,))  # how its tokens lie is measured by the first call
    network.module.to("meta")
    with PretendedCard() as card:
        explain(network, images, [1, 2], (method,))
    assert waited(card) == waits


def test_a_pretended_card_counts_whatever_makes_the_host_wait() -> None:
    there = torch.zeros(3, device="meta")
    for wait in (
        lambda: there.cpu(),
        lambda: there[0].item(),
        lambda: bool(there[0] > 0),
        lambda: there.sum().tolist(),
        lambda: torch.tensor([1.0, 2.0], device="meta"),
        lambda: there.new_tensor([1.0]),
        lambda: noise(3).to("meta"),
        lambda: there.copy_(noise(3)),
        lambda: torch.linalg.eigh(torch.zeros(2, 2, device="meta")),
    ):
        with PretendedCard() as card:
            wait()
        assert waited(card) == 1
    with PretendedCard() as card:
        placed = noise(3).to("meta", non_blocking=True)
        torch.arange(3, device="meta") + placed * 2 + torch.zeros_like(placed)
    assert waited(card) == 0


def test_a_batch_in_parts_is_read_once_for_each_part() -> None:
    network = on_card()
    image = noise(1, 3, 64, 64)
    two = 2 * network.footprint(image.to("meta")).total
    with PretendedCard() as card:
        explain(network, noise(6, 3, 64, 64), None, ("gradient",), memory=two)
    assert card.reads == 3


def test_predictions_are_read_once_for_a_batch(tmp_path: Path) -> None:
    network = on_card(preprocess=small())
    pictures = [Image.open(path) for path in noisy_photos(tmp_path, 5)]
    with PretendedCard() as card:
        logits = network.predict(network.prepare(pictures))
    assert (card.reads, logits.device.type) == (1, "cpu")


def test_a_stream_of_photos_is_read_once_for_a_batch(tmp_path: Path) -> None:
    paths = noisy_photos(tmp_path, 6)
    network = on_card(preprocess=small())
    with PretendedCard() as card:
        methods = ("grad_cam", "guided_backprop")
        saved = explain_many(network, paths, tmp_path / "out", methods=methods, batch=3)
    assert (len(saved.made), saved.failed, card.reads) == (6, {}, 2)
    manifest = json.loads((next(iter(saved.made.values())) / "manifest.json").read_text())
    assert manifest["provenance"]["arithmetic"]["device"] == "meta"


# How often a metric waits for the card, the prediction and the map of its method included
READS = {
    "occlusion_rank_correlation": 5, "deletion_auc": 3, "insertion_auc": 3, "average_drop": 4,
    "increase_in_confidence": 4, "pointing_game": 2, "energy_in_box": 2, "localization_iou": 2,
    "randomisation_similarity": 7,
}  # fmt: skip


def test_a_metric_reads_as_often_for_many_photos_as_for_one(tmp_path: Path) -> None:
    network = on_card(preprocess=small())
    paths = noisy_photos(tmp_path, 4)

    def reads(metric: str, count: int) -> int:
        cases = [Case(path, 1, ((0, 0, 8, 8),)) for path in paths[:count]]
        with PretendedCard() as card:
            list(evaluate(network, cases, ["grad_cam"], [metric], batch=count))
        return card.reads

    assert {name: reads(name, 1) for name in METRICS} == READS
    assert {name: reads(name, 4) for name in METRICS} == READS


def test_units_importances_are_read_once() -> None:
    with PretendedCard() as card:
        unit_importances(on_card(), noise(3, 3, 32, 32), [0, 1, 2])
    assert card.reads == 1


def test_a_network_is_loaded_onto_the_device_that_is_asked_for() -> None:
    here = load_network("squeezenet1_1", weights=None, device="cpu")
    there = load_network("squeezenet1_1", weights=None, device="meta")
    assert (here.device.type, there.device.type) == ("cpu", "meta")
    assert here.weights_digest == there.weights_digest
    assert there.prepare([Image.new("RGB", (300, 300))]).device.type == "meta"


def test_the_default_device_is_a_card_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for found, device in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda found=found: found)
        assert device_named().type == device


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "card"])
def test_a_device_that_is_not_there_is_refused_with_the_choices(name: str) -> None:
    with pytest.raises(ExplainerError, match=f'no device "{name}" here.*use auto, cpu, cuda'):
        load_network("squeezenet1_1", weights=None, device=name)


def test_a_network_on_two_devices_is_refused_with_both_names() -> None:
    module = seeded(lambda: Convolutions(torch.relu))
    module.head.to("meta")
    with pytest.raises(ExplainerError, match="spread over cpu and meta: move it to one device"):
        explain(Network(module, weights_digest="none"), noise(1, 3, 32, 32))


def test_tensors_of_all_types_come_back_as_they_were_by_one_copy() -> None:
    given = [
        torch.arange(3),
        noise(2, 5),
        torch.tensor([True, False, True]),
        noise(4).double(),
        torch.arange(6, dtype=torch.int16).reshape(2, 3).T,
        torch.empty(0, 4),
    ]
    flags: list[int] = []

    class Elsewhere(Tensor):
        """A tensor that says that it lies on a card."""

        @property
        def device(self) -> torch.device:
            return torch.device("cuda")

        def cpu(self) -> Tensor:
            flags.append(1)
            return self.as_subclass(Tensor)

    found = brought_back([tensor.as_subclass(Elsewhere) for tensor in given])
    assert len(flags) == 1
    for one, other in zip(given, found, strict=True):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert torch.equal(one, other)


def test_a_cards_memory_budget_is_half_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (6 * 2**30, 8 * 2**30))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 2 * 2**30)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 2**30)
    assert memory_for(torch.device("cuda")) == 7 * 2**30 // 2
    assert memory_for(torch.device("cpu")) == 512 * 2**20


def test_no_tensor_on_a_card_outgrows_what_its_kernels_can_count() -> None:
    each = 64 * 2**20
    on_card, here = Footprint(each, each, on_cpu=False), Footprint(each, each, on_cpu=True)
    assert on_card.images_within(2**40, graph=False) == LARGEST_ON_CARD // each
    assert here.images_within(2**40, graph=False) == 1


class Recurrent(nn.Module):
    """Reads a picture row by row, and tells whether cuDNN may be used meanwhile."""

    seen: ClassVar[list[bool]] = []

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.rows = nn.GRU(4 * 16, 8, batch_first=True)
        self.head = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(torch.backends.cudnn.enabled)
        x = torch.relu(self.first(x)).permute(0, 2, 1, 3).flatten(2)
        return self.head(self.rows(x)[0][:, -1])


def test_cudnn_is_off_while_a_recurrent_network_is_to_be_walked_back_and_on_again_after() -> None:
    network = Network(seeded(Recurrent))
    was = torch.backends.cudnn.enabled
    explain(network, noise(2, 3, 16, 16), methods=("grad_cam", "integrated_grad_cam"))
    assert Recurrent.seen[-1] is False
    assert torch.backends.cudnn.enabled is was
    plain = Network(seeded(Convolutions, torch.relu))
    with pytest.raises(ExplainerError):
        explain(network, noise(2, 3, 16, 16), [9, 9])
    assert torch.backends.cudnn.enabled is was
    assert plain.predict(noise(1, 3, 16, 16)).shape == (1, 5)


def test_provenance_says_device_type_tf32_and_autocast(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(seeded(Convolutions, torch.relu))
    images = noise(1, 3, 32, 32)
    plain = explain(network, images).provenance["arithmetic"]
    assert plain == {
        "device": "cpu", "card": None, "dtype": "float32", "tf32": False, "autocast": None,
    }  # fmt: skip
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert explain(network, images).provenance["arithmetic"]["autocast"] == "bfloat16"
    doubled = Network(seeded(Convolutions, torch.relu).double())
    found = explain(doubled, images.double())
    assert found.provenance["arithmetic"]["dtype"] == "float64"
    was = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium")
        assert arithmetic(network.module)["tf32"] is True
    finally:
        torch.set_float32_matmul_precision(was)


def test_only_a_type_other_than_float32_has_settings_digests_of_its_own() -> None:
    from explainer import settings_digest

    plain = Network(seeded(Convolutions, torch.relu))
    doubled = Network(seeded(Convolutions, torch.relu).double())
    elsewhere = on_card()
    assert settings_digest(plain, "gradient") == settings_digest(elsewhere, "gradient")
    assert settings_digest(plain, "gradient") != settings_digest(doubled, "gradient")


def test_a_stream_makes_again_what_was_made_in_another_type_or_under_autocast(
    tmp_path: Path,
) -> None:
    paths, out = noisy_photos(tmp_path, 2), tmp_path / "out"
    network = Network(seeded(Convolutions, torch.relu), preprocess=small())
    assert len(explain_many(network, paths, out).made) == 2
    assert len(explain_many(network, paths, out).present) == 2
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert len(explain_many(network, paths, out).made) == 2
        assert len(explain_many(network, paths, out).present) == 2
    with torch.autocast("cpu", dtype=torch.float16):
        assert len(explain_many(network, paths, out).made) == 2
    doubled = Network(seeded(Convolutions, torch.relu).double(), preprocess=small())
    assert len(explain_many(doubled, paths, out).made) == 2


def test_images_that_are_placed_already_are_not_copied() -> None:
    images = noise(1, 3, 8, 8)
    assert placed(images, torch.device("cpu")) is images
