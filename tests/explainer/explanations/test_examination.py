"""What stops a network is told before any photo is read, in one sentence with its name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from explainer import ExplainerError, Network, Preprocess, examine, load_network
from explainer.laboratory.commands.predict import classify
from tests.explainer.layered_networks import ChannelsLast, Scales, Tokens
from tests.explainer.small_networks import Convolutions, Once, seeded

SMALL = Preprocess(size=16, resize=16)


def named(make: Callable[..., nn.Module], *args: Any, **said: Any) -> Network:
    return Network(seeded(make, *args), preprocess=SMALL, name="mine", **said)


@pytest.mark.parametrize("make", [Scales, ChannelsLast])
def test_a_network_that_can_be_explained_passes(make: Any) -> None:
    examine(named(make), [("grad_cam", {}), ("gam", {"stages": 1}), ("occlusion", {})])


@pytest.mark.parametrize(
    ("network", "method", "told"),
    [
        (lambda: named(Tokens), "grad_cam", "mine: after its last map .* tokens"),
        (lambda: named(Tokens), "random_weights", "use a method without a layer"),
        (lambda: named(Tokens), "gam", "mine: after its last map"),
        (lambda: named(Tokens), "guided_grad_cam", "mine: after its last map"),
        (
            lambda: named(Convolutions, functional.relu, 1),
            "grad_cam",
            "mine: it has only one class.* 0 and z, with",
        ),
        (lambda: named(Convolutions, functional.silu), "deconvnet", "mine: .* silu"),
        (
            lambda: named(Convolutions, functional.relu),
            "legrad",
            "mine: .*no attention that can be",
        ),
        (
            lambda: named(Convolutions, Once.apply),
            "shapley_cam",
            "mine: .* differentiated only once",
        ),
        (
            lambda: Network(
                nn.Sequential(
                    nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False), nn.Flatten()
                ).eval(),
                preprocess=SMALL,
            ),
            "edges",
            "normalises by the statistics of each batch",
        ),
    ],
)
def test_what_stops_it_is_told_by_its_name(
    network: Callable[[], Network], method: str, told: str
) -> None:
    with pytest.raises(ExplainerError, match=told) as caught:
        examine(network(), [(method, {})])
    assert "\n" not in str(caught.value)


def test_named_layers_are_tried_in_place_of_the_default_one() -> None:
    examine(named(Tokens), [("grad_cam", {"layers": ["patches"]})])
    network = named(Convolutions, functional.relu)
    with pytest.raises(ExplainerError, match=r'mine: layer "head" gives .* not a map'):
        examine(network, [("score_cam", {"layers": ["second", "head"]})])
    with pytest.raises(ExplainerError, match='mine: no layer named "third"'):
        examine(network, [("score_cam", {"layers": ["third"]})])


def test_tokens_stop_no_method_that_needs_no_layer() -> None:
    examine(named(Tokens), [("occlusion", {}), ("edges", {}), ("smooth_grad", {})])


def test_outputs_that_are_not_finite_are_left_for_the_photos_to_tell() -> None:
    network = named(Convolutions, functional.relu)
    with torch.no_grad():
        network.module.head.bias.fill_(torch.inf)
    examine(network, [("grad_cam", {})])


def test_the_command_that_predicts_tells_what_stops_a_method() -> None:
    asked = {"builder": "mobilenet_v3_small", "weights": None, "methods": [["deconvnet", {}]]}
    with pytest.raises(ExplainerError, match=r"mobilenet_v3_small: .* hardswish"):
        classify({"photos": [], "networks": {"one": asked}})
    asked["methods"] = [["grad_cam", {}]]
    assert classify({"photos": [], "networks": {"one": asked}})["one"]["classes"] == []


def test_a_network_with_one_class_is_refused_for_studies_also_by_sigmoid() -> None:
    single = named(Convolutions, functional.relu, 1, probabilities="sigmoid")
    with pytest.raises(ExplainerError, match=r"mine: it has only one class.* 0 and z, with"):
        examine(single, [("grad_cam", {})])


def test_the_command_that_predicts_counts_the_classes_that_a_network_says(tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), "green").save(tmp_path / "photo.png")
    asked = {"builder": "squeezenet1_1", "weights": None, "probabilities": "sigmoid"}
    wanted = {"photos": [str(tmp_path / "photo.png")], "networks": {"one": asked}}
    network = load_network("squeezenet1_1", weights=None)
    scores = network.predict(network.prepare([Image.open(tmp_path / "photo.png")]))
    assert classify(wanted)["one"]["said"] == [int((scores >= 0).sum())]
    del asked["probabilities"]
    assert classify(wanted)["one"]["said"] == [1]
