"""The explained layer is the last map that the score was made of, or there is a refusal."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from explainer import METHODS, ExplainerError, Network, explain, load_network
from tests.explainer.layered_networks import (
    HEADS,
    Again,
    ChannelsFirst,
    ChannelsLast,
    Frames,
    Functional,
    OneOfTwo,
    Scales,
    Siamese,
    Tokens,
    TwoHeads,
    UNet,
)
from tests.explainer.small_networks import EVERY, noise, seeded, small

LAYERED = [
    name for name, method in METHODS.items() if method.layer == "map" and not method.needs_relu
]
QUICK: dict[str, dict[str, Any]] = {"integrated_grad_cam": {"steps": 2}}


@pytest.mark.parametrize("head", HEADS)
def test_a_decoder_that_the_score_reads_is_explained_and_not_its_bottleneck(head: str) -> None:
    network = Network(seeded(UNet, head))
    images = noise(2, 3, 16, 16)
    found = explain(network, images, [1, 4], ("grad_cam", "gam"))
    assert found.layer == "up2 > relu"
    assert found.beside == ()
    assert found["grad_cam"].shape == (2, 16, 16)
    assert network.stages(images) == ("bottleneck > relu", "up1 > relu", "up2 > relu")


@pytest.mark.parametrize(("which", "layer"), [(0, "left > relu"), (1, "right > relu")])
def test_of_two_heads_the_one_that_the_score_reads_is_explained(which: int, layer: str) -> None:
    network, images = Network(seeded(TwoHeads)), noise(2, 3, 12, 12)
    found = explain(network, images, lambda out: out[which][:, 1], ("grad_cam", "gam"))
    assert found.layer == layer
    expected = explain(network, images, lambda out: out[which][:, 1], layer=layer)
    assert torch.equal(found["grad_cam"], expected["grad_cam"])
    assert float(found["grad_cam"].max()) > 0


def test_each_score_of_two_heads_has_its_own_layer() -> None:
    network, images = Network(seeded(TwoHeads)), noise(2, 3, 12, 12)
    scores = [lambda out: out[0][:, 1], lambda out: out[1][:, 1]]
    layers = [explain(network, images, score).layer for score in (*scores, scores[0])]
    assert layers == ["left > relu", "right > relu", "left > relu"]


def test_a_branch_that_comes_last_but_is_not_read_is_passed_over() -> None:
    found = explain(Network(seeded(OneOfTwo)), noise(2, 3, 12, 12), [1, 2])
    assert found.layer == "both.left > relu"


def test_a_network_of_several_scales_says_what_else_the_score_was_made_of() -> None:
    found = explain(Network(seeded(Scales)), noise(2, 3, 12, 12), [1, 2])
    assert found.layer == "second > relu"
    assert found.beside == ("first > relu", "first")
    assert found.manifest()["beside"] == ["first > relu", "first"]
    assert explain(Network(seeded(Scales), "first"), noise(1, 3, 12, 12), [1]).beside == ()


@pytest.mark.parametrize("method", [*LAYERED, "gam"])
def test_tokens_after_the_last_map_are_refused_with_the_fix(method: str) -> None:
    network, images = Network(seeded(Tokens)), noise(2, 3, 16, 16)
    with pytest.raises(ExplainerError, match=r"sequence of tokens.*use a method without a layer"):
        explain(network, images, [1, 2], [method], settings=QUICK)
    by_name = explain(network, images, [1, 2], layer="patches")  # whoever asks for it gets it
    assert by_name.layer == "patches"


def test_a_vector_is_no_map_where_it_is_named_either() -> None:
    with pytest.raises(ExplainerError, match="2×5, not a map N×K×u×v or tokens N×T×K"):
        explain(Network(seeded(Tokens)), noise(2, 3, 16, 16), [1, 2], layer="classes")


def test_torchvisions_transformer_is_explained_where_its_last_attention_reads() -> None:
    network, image = load_network("vit_b_32", weights=None, num_classes=3), noise(1, 3, 224, 224)
    with pytest.raises(ExplainerError, match=r"vit_b_32: after its last map .* tokens"):
        explain(network, image, [0])  # torchvision's classes begin with zeros: nothing is read yet
    nn.init.normal_(network.module.heads.head.weight)
    found = explain(network, image, [0])
    assert found.layer == "encoder.layers.encoder_layer_11.ln_1"
    assert found["grad_cam"].shape == (1, 7, 7)


@pytest.mark.parametrize("layer", [None, "features.7.1.norm2", "norm"])
def test_swin_is_explained_on_its_grid_and_never_on_its_patches(layer: str | None) -> None:
    network = load_network("swin_t", weights=None, num_classes=3)
    found = explain(network, noise(1, 3, 224, 224), [0], layer=layer)
    assert found.layer == layer or found.layer == "permute"
    assert found["grad_cam"].shape == (1, 7, 7)


def test_channels_last_is_recognised_from_the_grid() -> None:
    last = seeded(ChannelsLast)
    first = Network(ChannelsFirst(last).eval(), "map")
    images = noise(2, 3, 28, 28)
    found = explain(Network(last), images, [1, 2], LAYERED, settings=QUICK)
    assert found.layer == "norm"
    expected = explain(first, images, [1, 2], LAYERED, settings=QUICK)
    for method in set(LAYERED) - {"random_weights"}:  # whose weights are drawn module by module
        torch.testing.assert_close(found[method], expected[method], rtol=1e-4, atol=1e-6)
        assert found[method].abs().max() > 0


@pytest.mark.parametrize("channels", [6, 7])
def test_as_many_channels_as_places_do_not_mislead(channels: int) -> None:
    last = seeded(ChannelsLast, channels)
    images = noise(2, 3, 28, 28)  # a grid of 7 × 7
    found = explain(Network(last), images, [1, 2])
    expected = explain(Network(ChannelsFirst(last).eval(), "map"), images, [1, 2])
    torch.testing.assert_close(found["grad_cam"], expected["grad_cam"], rtol=1e-4, atol=1e-6)
    named = explain(Network(last), images, [1, 2], layer="norm")
    assert torch.equal(named["grad_cam"], found["grad_cam"])


def test_a_map_whose_proportions_say_nothing_is_taken_as_it_came_about() -> None:
    module = nn.Sequential(
        nn.Conv2d(3, 8, (5, 3), (4, 1)), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    ).eval()
    found = explain(Network(module), noise(2, 3, 16, 32), [1, 2])
    assert (found.layer, found["grad_cam"].shape) == ("1", (2, 3, 30))
    assert explain(Network(module), noise(2, 3, 16, 32), [1, 2], layer="0").layer == "0"


def test_frames_that_pass_as_a_batch_are_refused_and_explained_once_joined() -> None:
    images = noise(2, 12, 12, 12)
    apart = Network(seeded(Frames, joined=False))
    with pytest.raises(ExplainerError, match=r"4 maps of 1 image.*a row for each image"):
        explain(apart, images, [1, 2])
    with pytest.raises(ExplainerError, match=r"8 maps for 2 images.*a row for each image"):
        explain(apart, images, [1, 2], layer="encoder")
    found = explain(Network(seeded(Frames, joined=True)), images, [1, 2])
    assert (found.layer, len(found["grad_cam"])) == ("fused > relu", 2)


@pytest.mark.parametrize("layer", [None, "encoder", "encoder.0"])
@pytest.mark.parametrize("method", ["grad_cam", "score_cam"])
def test_an_encoder_of_two_photos_is_not_explained_by_one_of_its_runs(
    layer: str | None, method: str
) -> None:
    with pytest.raises(ExplainerError, match=r"runs 2 times .* more than one of its maps"):
        explain(Network(seeded(Siamese)), noise(2, 6, 12, 12), [1, 2], [method], layer=layer)


def test_a_block_that_runs_again_on_its_own_map_means_its_last_run() -> None:
    network, images = Network(seeded(Again)), noise(2, 3, 12, 12)
    assert explain(network, images, [1, 2], layer="block").layer == "block"
    found = explain(network, images, [1, 2])
    assert found.layer == "block > relu > add"


def test_a_convolution_that_is_a_call_is_met_as_well() -> None:
    found = explain(Network(seeded(Functional, named=True)), noise(2, 3, 12, 12), [1, 2])
    assert (found.layer, found["grad_cam"].shape) == ("stem > conv2d > relu", (2, 8, 8))


def test_a_map_that_no_address_leads_to_is_refused_and_not_another_explained() -> None:
    with pytest.raises(ExplainerError, match=r"8×8\D+made by relu\) has no name"):
        explain(Network(seeded(Functional, named=False)), noise(2, 3, 12, 12), [1, 2])


class Rows(nn.Module):
    """`rows(output)` of a network's output."""

    def __init__(self, rows: Any) -> None:
        super().__init__()
        self.network, self.rows = small(), rows

    def forward(self, x: Tensor) -> Any:
        return self.rows(self.network(x))


@pytest.mark.parametrize("method", EVERY)
@pytest.mark.parametrize("layer", [None, "network.second"])
def test_an_output_without_a_row_for_each_image_never_passes(
    method: str, layer: str | None
) -> None:
    network = Network(Rows(lambda out: torch.cat([out, out], 0)).eval())
    with pytest.raises(ExplainerError, match=r"has [24] rows for [12] images?:.*row for each"):
        explain(network, noise(2, 3, 9, 9), [1, 2], [method], layer=layer)
    with pytest.raises(ExplainerError, match="has 4 rows for 2 images"):
        network.predict(noise(2, 3, 9, 9))


@pytest.mark.parametrize(
    ("rows", "shape"),
    [
        (lambda out: out[:, 0], r"\(1,\)"),
        (lambda out: (out, out), "tuple"),  # either could be the scores
        (lambda out: {"scores": out}, "dict"),
        (lambda out: out[:, :, None], r"\(1, 5, 1\)"),
    ],
)
def test_an_output_of_another_form_is_refused_for_classes_and_explained_by_a_score(
    rows: Any, shape: str
) -> None:
    network, images = Network(Rows(rows).eval()), noise(1, 3, 9, 9)
    with pytest.raises(ExplainerError, match=f"output is {shape}, not N×classes: say where"):
        explain(network, images, [0])
    with pytest.raises(ExplainerError, match="say where its scores are"):
        network.predict(images)

    def first(out: Any) -> Tensor:
        out = out["scores"] if isinstance(out, dict) else out[0] if isinstance(out, tuple) else out
        return out.flatten(1)[:, 0] if out.dim() > 1 else out

    found = explain(network, images, first)
    plain = explain(Network(network.module.network), images, [0])
    assert torch.equal(found["grad_cam"], plain["grad_cam"])
    assert found.manifest()["targets"] is None
    assert found.provenance["score"].endswith(
        "another_form_is_refused_for_classes_and_explained_by_a_score.<locals>.first"
    )


STAGES = {
    "resnet18": ("relu", "layer1", "layer2", "layer3", "layer4"),
    "resnet50": ("relu", "layer1", "layer2", "layer3", "layer4"),
    "shufflenet_v2_x1_0": ("conv1", "stage2", "stage3", "conv5"),
    "mobilenet_v2": ("features.1", "features.3", "features.6", "features.13", "features"),
    "googlenet": ("conv1", "conv3", "inception3b", "inception4e", "inception5b"),
    "vgg11": ("features.1", "features.4", "features.9", "features.14", "features.19"),
}


@pytest.mark.parametrize("name", STAGES)
def test_stages_are_what_each_size_ends_with_in_order_of_depth(name: str) -> None:
    network = load_network(name, weights=None, num_classes=5)
    assert network.stages(noise(1, 3, 128, 128)) == STAGES[name]
