"""Named targets: scores by hand on tiny networks, their digests, and what is refused."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.detection import RetinaNet
from torchvision.models.detection.anchor_utils import AnchorGenerator

from explainer import ExplainerError, Network, Preprocess, explain, explain_many, targets
from explainer.laboratory.metrics import METRICS
from explainer.pictures import store
from tests.explainer.small_networks import noise, seeded, small

BOX = (2.0, 3.0, 13.0, 15.0)


class Segmenter(nn.Module):
    """A score for each class and pixel, as torchvision's segmenters give it."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.classes = nn.Conv2d(3, 6, 3, 2, 1), nn.Conv2d(6, 4, 1)

    def forward(self, x: Tensor) -> Any:
        map = self.classes(functional.relu(self.first(x)))
        return OrderedDict(out=functional.interpolate(map, size=x.shape[2:], mode="bilinear"))


class Captioner(nn.Module):
    """Scores of 7 words at each of 4 places."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.words = nn.Conv2d(3, 6, 3, 2, 1), nn.Linear(6, 28)

    def forward(self, x: Tensor) -> Tensor:
        return self.words(functional.relu(self.first(x)).mean((2, 3))).view(-1, 4, 7)


class Detector(nn.Module):
    """For each image three boxes with the scores and labels of a detector after suppression."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.scores = nn.Conv2d(3, 6, 3, 2, 1), nn.Linear(6, 3)

    def forward(self, images: Any) -> Any:
        boxes = torch.tensor([BOX, (2.0, 3.0, 12.0, 15.0), (0.0, 0.0, 4.0, 4.0)])
        labels = torch.tensor([1, 1, 2])
        map = functional.relu(self.first(torch.stack([*images])))
        scores = self.scores(map.mean((2, 3))).sigmoid()
        return [{"boxes": boxes, "labels": labels, "scores": own} for own in scores]


def gradient_of(module: nn.Module, images: Tensor, score: Any) -> Tensor:
    """∂ score(output of one image) / ∂ that image, one by one."""
    rows = []
    for n, image in enumerate(images):
        seen = image[None].clone().requires_grad_()
        rows.append(torch.autograd.grad(score(module(seen), n), seen)[0][0])
    return torch.stack(rows)


def by_hand(target: targets.Target, output: Any) -> Tensor:
    """The score of a single image's output, in the words of each target's definition."""
    if isinstance(target, targets.Segmented):
        return output["out"][0, 2, 1:5, 3:9].mean()
    if isinstance(target, targets.Words):
        logs = torch.log_softmax(output[0], 1)
        return logs[1, 4] + logs[2, 0]
    if isinstance(target, targets.Difference):
        return output[0, 1] - output[0, 3]
    return max(output[0]["scores"][0], output[0]["scores"][1] * 120 / 132)


ASKED = {
    "segmented": (Segmenter, targets.Segmented.of_box(2, (16, 16), (3, 1, 9, 5))),
    "words": (Captioner, targets.Words((4, 0), first=1)),
    "detected": (Detector, targets.Detected(1, BOX)),
    "difference": (small, targets.Difference(1, 3)),
}


def network_of(name: str) -> tuple[Network, targets.Target]:
    make, target = ASKED[name]
    module = make() if name == "difference" else seeded(make)
    return Network(module, "first"), target


@pytest.mark.parametrize("name", ASKED)
def test_what_is_explained_is_the_score_that_the_target_defines(name: str) -> None:
    network, target = network_of(name)
    images = noise(3, 3, 16, 16)
    methods = ["gradient", "occlusion", "grad_cam"]
    settings = {"occlusion": {"patch": 8, "stride": 8}}
    found = explain(network, images, target, methods, settings=settings)
    expected = gradient_of(network.module, images, lambda output, _: by_hand(target, output))
    assert expected.abs().max() > 0
    torch.testing.assert_close(found["gradient"], expected, rtol=1e-4, atol=1e-7)
    for n, image in enumerate(images):
        hidden = image.clone()
        hidden[:, :8, :8] = 0
        with torch.no_grad():
            before, after = (by_hand(target, network.module(x[None])) for x in (image, hidden))
        torch.testing.assert_close(found["occlusion"][n, 0, 0], before - after)
    given = explain(network, images, [target] * 3, methods, settings=settings)
    for method in methods:
        assert torch.equal(given[method], found[method])
    assert found.provenance["target_digests"] == [target.digest()]
    assert given.provenance["target_digests"] == [target.digest()] * 3


def test_each_image_has_a_target_of_its_own_in_every_pass() -> None:
    network, images = Network(seeded(Segmenter), "first"), noise(3, 3, 16, 16)
    each = [targets.Segmented.of_box(n, (16, 16), (n, n, n + 4, n + 6)) for n in range(3)]
    methods = ["gradient", "occlusion", "smooth_grad", "score_cam"]
    settings = {"occlusion": {"patch": 8, "stride": 8}, "smooth_grad": {"samples": 3}}
    together = explain(network, images, each, methods, settings=settings)
    for n, target in enumerate(each):
        alone = explain(network, images[n : n + 1], [target], methods, settings=settings)
        for method in set(methods) - {"smooth_grad"}:  # whose noise depends on the place
            torch.testing.assert_close(alone[method][0], together[method][n], rtol=1e-4, atol=1e-6)


def test_the_pixels_that_a_class_wins_are_fixed_before() -> None:
    network, images = Network(seeded(Segmenter), "first"), noise(2, 3, 16, 16)
    output = network.module(images)
    most = int(output["out"].argmax(1).flatten().mode().values)
    wins = output["out"].argmax(1) == most
    each = targets.Segmented.predicted(most, output)
    expected = [output["out"][n, most][wins[n]].mean() for n in range(2)]
    torch.testing.assert_close(targets.Each(each)(output), torch.stack(expected))
    assert each[0] != each[1]


def test_metrics_ask_about_a_named_target() -> None:
    network, images = Network(seeded(Segmenter), "first"), noise(2, 3, 16, 16)
    each = [targets.Segmented.of_box(n, (16, 16), (n, n, n + 4, n + 6)) for n in range(2)]
    maps = explain(network, images, each, ["grad_cam"])["grad_cam"]
    metric = METRICS["deletion_auc"].compute
    together = metric(network, images, maps, each)
    for n in range(2):
        alone = metric(network, images[n : n + 1], maps[n : n + 1], each[n])
        torch.testing.assert_close(alone, together[n : n + 1])


def test_torchvisions_detector_is_explained_at_a_named_layer() -> None:
    class Backbone(nn.Module):
        out_channels = 8

        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Conv2d(3, 8, 3, 4, 1)

        def forward(self, x: Tensor) -> Tensor:
            return functional.relu(self.body(x))

    def make() -> nn.Module:
        anchors = AnchorGenerator(sizes=((16,),), aspect_ratios=((1.0,),))
        module = RetinaNet(Backbone(), 3, min_size=32, max_size=32, anchor_generator=anchors)
        module.head.classification_head.cls_logits.bias.data.zero_()
        return module

    module, image = seeded(make), noise(1, 3, 32, 32).sigmoid()
    network = Network(module, "backbone.body")
    (found,) = module(image)
    box = tuple(found["boxes"][0].tolist())
    target = targets.Detected(int(found["labels"][0]), box)
    maps = explain(network, image, target, ["grad_cam", "gradient", "occlusion"],
                   settings={"occlusion": {"patch": 16, "stride": 16}})  # fmt: skip
    seen = image.clone().requires_grad_()
    (expected,) = torch.autograd.grad(module(seen)[0]["scores"][0], seen)
    torch.testing.assert_close(maps["gradient"], expected, rtol=1e-4, atol=1e-8)
    assert maps["grad_cam"].shape == (1, 8, 8)
    assert maps["occlusion"].abs().max() > 0


def test_a_digest_tells_kinds_and_numbers_apart() -> None:
    told = [
        targets.Chosen(1),
        targets.Channel(1),
        targets.Neuron((1,)),
        targets.Neuron((1, 0)),
        targets.Difference(1, 2),
        targets.Difference(2, 1),
        targets.Difference(1, targets.Channel(2)),
        targets.Words((1, 2)),
        targets.Words((1, 2), first=1),
        targets.Detected(1, BOX),
        targets.Detected(2, BOX),
        targets.Segmented.of_box(1, (4, 4), (0, 0, 2, 2)),
        targets.Segmented.of_box(1, (4, 4), (0, 0, 2, 3)),
    ]
    assert len({target.digest() for target in told}) == len(told)
    assert targets.Difference(1, 2).digest() == targets.Difference(1, 2).digest()


def test_many_photos_are_taken_up_again_by_the_digest_of_their_target(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.png" for n in range(2)]
    for n, path in enumerate(paths):
        pixels = np.random.default_rng(n).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
    network = Network(seeded(Segmenter), "first", preprocess=Preprocess(size=16, resize=16))
    target = targets.Segmented.of_box(2, (16, 16), (3, 1, 9, 5))

    def many(target: Any) -> Any:
        return explain_many(network, paths, tmp_path / "out", targets=target, progress=False)

    first = many(target)
    assert not first.failed
    assert (len(first.made), len(many(target).present)) == (2, 2)
    assert len(many(targets.Segmented.of_box(2, (16, 16), (3, 1, 9, 6))).made) == 2
    with pytest.raises(ExplainerError, match=r"no digest by which to resume: give a named target"):
        many(lambda output: output["out"].mean((1, 2, 3)))
    maps = store.load_maps(next(iter(first.made.values())) / "maps.npz")
    assert np.isfinite(maps["grad_cam"]).all()


REFUSED: dict[str, tuple[str, Any, str]] = {
    "too few": ("segmented", [ASKED["segmented"][1]] * 2, "2 named targets for 3 images"),
    "names and classes": ("difference", [targets.Chosen(1), 2, 3], "give each image a named"),
    "another size": (
        *("segmented", targets.Segmented.of_box(2, (8, 8), (0, 0, 4, 4))),
        "pixels were chosen for 8×8, and the output is 4×16×16",
    ),
    "a segmenter's class": ("segmented", targets.Chosen(1), "4×16×16, not classes"),
    "classes' pixels": ("difference", ASKED["segmented"][1], "5, not classes×H×W"),
    "no such class": (
        "difference",
        targets.Difference(1, 5),
        "no index 5: use a number from 0 to 4",
    ),
    "no such word": ("words", targets.Words((7,)), "there is no index 7: use a number from 0 to 6"),
    "more words than rows": ("words", targets.Words((1, 2), first=3), "2 words from row 3"),
    "no words": ("words", targets.Words(()), "0 words from row 0"),
    "no detections": ("difference", targets.Detected(1, BOX), "not detections"),
    "nothing there": (
        *("detected", targets.Detected(1, (8.0, 0.0, 16.0, 4.0))),
        "of 2 detections of class 1, none overlaps the box",
    ),
    "another label": ("detected", targets.Detected(3, BOX), "of 0 detections of class 3"),
    "too few indices": ("segmented", targets.Neuron((1, 2)), "give 3 indices"),
    "no such channel": ("segmented", targets.Channel(4), "there is no index 4"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_target_that_does_not_fit_the_output_is_refused_with_the_reason(name: str) -> None:
    kind, wanted, said = REFUSED[name]
    network, _ = network_of(kind)
    with pytest.raises(ExplainerError, match=said):
        explain(network, noise(3, 3, 16, 16), wanted, ["gradient"])


def test_parts_of_an_output_with_rows_of_their_own_are_refused() -> None:
    output = {"per_image": noise(3, 2), "per_text": noise(2, 3)}
    with pytest.raises(ExplainerError, match=r"have 2 and 3 rows, so which .* can't be told: let"):
        targets.Chosen(1)(output)


@pytest.mark.parametrize("box", [(0, 0, 0, 4), (0, 0, 17, 4), (-1, 0, 3, 3), (3, 0, 1, 4)])
def test_a_box_outside_of_the_output_is_refused(box: Any) -> None:
    with pytest.raises(ExplainerError, match="is not inside 16×16 pixels"):
        targets.Segmented.of_box(1, (16, 16), box)


def test_a_class_that_wins_no_pixel_and_an_empty_mask_are_refused() -> None:
    output = {"out": torch.stack([torch.ones(1, 4, 4), torch.zeros(1, 4, 4)], 1)}
    with pytest.raises(ExplainerError, match="class 1 scores highest at no pixel of image 0"):
        targets.Segmented.predicted(1, output)
    with pytest.raises(ExplainerError, match="0 pixels: give an H×W mask of true and false"):
        targets.Segmented.of_mask(1, torch.zeros(4, 4, dtype=torch.bool))


def reordered(output: Tensor) -> Tensor:
    return output.flip(1)


BY_CLASS: list[Any] = [
    targets.Chosen(1),
    targets.Difference(1, targets.Channel(0)),
    targets.Difference(targets.Channel(0), targets.Chosen(1)),
    [targets.Neuron((0,)), targets.Chosen(1)],
]


@pytest.mark.parametrize("target", BY_CLASS)
def test_a_target_by_class_is_refused_where_scores_are_read_otherwise(target: Any) -> None:
    module, images = small(), noise(2, 3, 9, 9)
    with pytest.raises(ExplainerError, match=r"classes are those of its scores=: give class ind"):
        explain(Network(module, "second", scores=reordered), images, target, ["gradient"])
    explain(Network(module, "second"), images, target, ["gradient"])
    free = Network(module, "second", scores=reordered)
    explain(free, images, targets.Neuron((1,)), ["gradient"])


UNPLAIN: list[Any] = [
    lambda: targets.Detected(1, tuple(torch.tensor(BOX))),  # type: ignore[arg-type]
    lambda: targets.Detected(np.int64(1), BOX),
    lambda: targets.Words(tuple(np.array([1, 2]))),
    lambda: targets.Difference(np.int64(1), 0),
]


@pytest.mark.parametrize("make", UNPLAIN)
def test_a_target_of_numbers_that_are_not_plain_is_refused(make: Any) -> None:
    with pytest.raises(ExplainerError, match=r"no digest can be taken: give plain numbers"):
        make()
    assert targets.Neuron([1, 2]).place == (1, 2)  # type: ignore[arg-type]


@pytest.mark.parametrize("given", ["a", True, 0.5])
def test_a_difference_of_what_is_no_class_is_refused(given: Any) -> None:
    with pytest.raises(ExplainerError, match="neither a class index nor a target"):
        targets.Difference(given, 0)


def test_outputs_without_channels_or_rows_are_refused() -> None:
    with pytest.raises(ExplainerError, match=r"no channels: ask about that number: Neuron\(\(\)\)"):
        targets.Channel(0)(torch.zeros(2))
    with pytest.raises(ExplainerError, match=r"belongs to no image.*: let call= leave it out"):
        targets.Chosen(0)((torch.zeros(2, 3), torch.tensor(0.5)))
