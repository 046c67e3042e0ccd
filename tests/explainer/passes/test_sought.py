"""Targets that are looked for in the photo itself: the region that a class wins, the surest box."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from explainer import ExplainerError, Network, Preprocess, explain, explain_many, targets
from explainer.laboratory.metrics import METRICS
from explainer.pictures import store
from tests.explainer.passes.test_named import BOX, Captioner, Detector, Segmenter
from tests.explainer.small_networks import noise, seeded

SETTINGS = {"occlusion": {"patch": 8, "stride": 8}}
METHODS = ["gradient", "grad_cam", "occlusion"]


def means(output: Any) -> Tensor:
    return output["out"].mean((2, 3))


def without_the_first(output: Any) -> Tensor:
    return output["out"][:, 1:].mean((2, 3))


def reversed_classes(output: Any) -> Tensor:
    return means(output).flip(1)


def best(output: Any, shift: int = 0) -> Tensor:
    """For each of three classes, the score of its surest detection."""
    rows = []
    for row in output:
        each = [row["scores"][row["labels"] == k + shift] for k in range(3)]
        rows.append(
            torch.stack([own.max() if len(own) else row["scores"].new_zeros(()) for own in each])
        )
    return torch.stack(rows)


def shifted(output: Any) -> Tensor:
    return best(output, 1)


def won_by(network: Network, images: Tensor) -> int:
    """A class that wins some pixels of every image, and not all."""
    wins = network.module(images)["out"].argmax(1).flatten(1)
    return next(k for k in range(4) if bool(((wins == k).any(1) & (wins != k).any(1)).all()))


@pytest.mark.parametrize("scores", [None, means])
def test_the_region_is_that_of_each_photo_and_stays_in_changed_photos(scores: Any) -> None:
    own = {} if scores is None else {"scores": scores}
    network, images = Network(seeded(Segmenter), "first", **own), noise(3, 3, 16, 16)
    class_ = won_by(network, images)
    regions = targets.Segmented.predicted(class_, network.module(images))
    assert len(set(regions)) == 3
    found = explain(network, images, targets.PredictedRegion(class_), METHODS, settings=SETTINGS)
    expected = explain(network, images, regions, METHODS, settings=SETTINGS)
    for method in METHODS:
        assert torch.equal(found[method], expected[method])
    assert found.provenance["target_digests"] == [one.digest() for one in regions]
    assert found.provenance_of(1)["targets"] == [regions[1].text()]
    for n in range(3):
        wanted = targets.PredictedRegion(class_)
        alone = explain(network, images[n : n + 1], wanted, METHODS, settings=SETTINGS)
        for method in METHODS:
            torch.testing.assert_close(alone[method][0], found[method][n], rtol=1e-4, atol=1e-6)


def test_the_box_is_that_of_the_surest_detection_of_the_class() -> None:
    network, images = Network(seeded(Detector), "first", scores=best), noise(3, 3, 16, 16)
    found = explain(network, images, targets.SurestBox(1), METHODS, settings=SETTINGS)
    rows = network.module(images)
    boxes = [BOX if row["scores"][0] > row["scores"][1] else (2.0, 3.0, 12.0, 15.0) for row in rows]
    expected = [targets.Detected(1, box) for box in boxes]
    assert found.provenance["targets"] == [one.text() for one in expected]
    again = explain(network, images, expected, METHODS, settings=SETTINGS)
    assert torch.equal(again["occlusion"], found["occlusion"])


def test_a_difference_of_regions_is_looked_for_too() -> None:
    network, images = Network(seeded(Segmenter), "first"), noise(2, 3, 16, 16)
    class_ = won_by(network, images)
    of_each = targets.Segmented.predicted(class_, network.module(images))
    whole = targets.Segmented.of_box(0, (16, 16), (0, 0, 16, 16))
    wanted = targets.Difference(targets.PredictedRegion(class_), whole)
    expected = [targets.Difference(one, whole) for one in of_each]
    found, again = (explain(network, images, one, ["gradient"]) for one in (wanted, expected))
    assert torch.equal(found["gradient"], again["gradient"])


@pytest.mark.parametrize("name", ["deletion_auc", "insertion_auc"])
def test_metrics_measure_the_region_of_the_photo_itself(name: str) -> None:
    network, images = Network(seeded(Segmenter), "first"), noise(2, 3, 16, 16)
    class_ = won_by(network, images)
    regions = targets.Segmented.predicted(class_, network.module(images))
    maps = explain(network, images, regions, ["grad_cam"])["grad_cam"]
    metric = METRICS[name].compute
    found, expected = (
        metric(network, images, maps, one) for one in (targets.PredictedRegion(class_), regions)
    )
    assert torch.equal(found, expected)


def test_weights_are_redrawn_for_the_region_of_the_network_as_it_was() -> None:
    network, images = Network(seeded(Segmenter), "first"), noise(2, 3, 16, 16)
    class_ = won_by(network, images)
    regions = targets.Segmented.predicted(class_, network.module(images))
    metric = METRICS["randomisation_similarity"].compute
    found, expected = (
        metric(network, images, one, "gradient")
        for one in (targets.PredictedRegion(class_), regions)
    )
    assert torch.equal(found, expected)


def test_a_target_that_was_not_looked_for_is_never_scored() -> None:
    output = seeded(Segmenter)(noise(1, 3, 16, 16))
    with pytest.raises(ExplainerError, match="has not been looked for in the photo itself"):
        targets.PredictedRegion(1)(output)


REFUSED: list[tuple[Any, Any, targets.Target, str]] = [
    (Segmenter, without_the_first, targets.PredictedRegion(1), "4 classes, and has 3 answers"),
    (Segmenter, reversed_classes, targets.PredictedRegion(1), "answers 2 where .* class 1: give"),
    (Detector, shifted, targets.SurestBox(1), "answers 0 where the output is surely of class 1"),
    (
        Segmenter,
        None,
        targets.PredictedRegion(4),
        "no index 4 of image 0: use",
    ),
    (Segmenter, None, targets.SurestBox(1), "not detections"),
    (Detector, None, targets.PredictedRegion(1), "not a tensor"),
    (Detector, best, targets.SurestBox(0), "no detection of class 0 of image 0: ask"),
    (Captioner, None, targets.PredictedRegion(1), "4×7, not classes×H×W"),
]


@pytest.mark.parametrize(("make", "scores", "wanted", "said"), REFUSED)
def test_what_is_not_there_or_is_another_class_is_refused(
    make: Any, scores: Any, wanted: targets.Target, said: str
) -> None:
    own = {} if scores is None else {"scores": scores}
    network = Network(seeded(make), "first", **own)
    with pytest.raises(ExplainerError, match=said):
        explain(network, noise(2, 3, 16, 16), wanted, ["gradient"])


def test_labels_for_other_classes_than_the_output_has_are_refused() -> None:
    network = Network(seeded(Segmenter), "first", labels=["cat", "dog", "fox"])
    with pytest.raises(ExplainerError, match="segments 4 classes, and has 3 answers"):
        explain(network, noise(1, 3, 16, 16), targets.PredictedRegion(1), ["gradient"])


def test_many_photos_have_their_own_regions_and_those_without_one_are_told(tmp_path: Path) -> None:
    network = Network(
        seeded(Segmenter), "first", scores=means, preprocess=Preprocess(size=16, resize=16)
    )
    paths = [tmp_path / f"{n}.png" for n in range(3)]
    for n, path in enumerate(paths):
        pixels = np.random.default_rng(n).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels if n else pixels * 0).save(path)
    photos = network.prepare([network.open(path) for path in paths])
    wins = network.module(photos)["out"].argmax(1)
    class_ = next(k for k in range(4) if (wins[1] == k).any() and not (wins[0] == k).any())

    def many(wanted: targets.Target) -> Any:
        return explain_many(network, paths, tmp_path / "out", targets=wanted, progress=False)

    saved = many(targets.PredictedRegion(class_))
    without = [path for n, path in enumerate(paths) if not (wins[n] == class_).any()]
    assert [*saved.failed] == without
    assert f"class {class_} scores highest at no pixel" in saved.failed[paths[0]]
    maps = store.load_maps(saved.made[paths[1]] / "maps.npz")["grad_cam"]
    region = targets.Segmented.of_mask(class_, wins[1] == class_)
    expected = explain(network, photos[1:2], region, ["grad_cam"])["grad_cam"].numpy()
    np.testing.assert_allclose(maps, expected, rtol=1e-4, atol=1e-6)
    assert len(many(targets.PredictedRegion(class_)).present) == len(saved.made)
    assert len(many(targets.Segmented.of_box(class_, (16, 16), (0, 0, 4, 4))).made) == 3
