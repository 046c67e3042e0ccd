"""Each family of transformers is right or refused, as the table in docs/methods.md says."""

from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_grad_cam import GradCAM, HiResCAM, LayerCAM, XGradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor

from explainer import METHODS, ExplainerError, Network, explain
from explainer.graphs.layouts import layout_at
from explainer.graphs.trail import follow
from explainer.pictures.resizing import resize
from tests.explainer.small_networks import EVERY, OF_ATTENTION, noise
from tests.explainer.transformers import FAMILIES, Family, patches, transformer

PAGE = Path(__file__).resolve().parents[3] / "docs" / "methods.md"
PEERS = {"grad_cam": GradCAM, "xgrad_cam": XGradCAM, "layer_cam": LayerCAM, "hires_cam": HiResCAM}
GUIDED = [name for name, method in METHODS.items() if method.needs_relu]
FEW: dict[str, Any] = {
    "integrated_grad_cam": {"steps": 2},
    "integrated_gradients": {"steps": 2},
    "smooth_grad": {"samples": 2},
    "group_cam": {"groups": 2},
    "occlusion": {"patch": 16, "stride": 16},
}
TARGETS = [1, 2]
NORMALISED = {"CaiT"}  # what is explained is normalised over its channels at once


def asked(name: str) -> tuple[Family, Network, Tensor]:
    family = FAMILIES[name]
    return family, Network(transformer(name)), noise(2, 3, family.side, family.side, seed=3)


def map_of(network: Network, images: Tensor, layer: str) -> Tensor:
    return network.graph(images, [layer]).maps[layer].detach()


@pytest.mark.parametrize("name", FAMILIES)
def test_the_layer_and_how_its_tokens_lie_are_found(name: str) -> None:
    family, network, images = asked(name)
    found = explain(network, images, TARGETS)
    assert found.layer == family.layer
    assert found["grad_cam"].shape[1:] == family.grid
    trail, _, _ = follow(network.module, images[:1])
    lie = layout_at(trail, family.layer, None)
    assert lie == family.tokens or family.tokens is None


@pytest.mark.parametrize("name", FAMILIES)
def test_a_place_of_the_map_answers_most_to_its_own_part_of_the_photo(name: str) -> None:
    family, network, images = asked(name)
    (u, v), side = family.grid, family.side // family.grid[0]
    before, answers = map_of(network, images, family.layer), torch.zeros(u * v, u * v)
    for place in range(u * v):
        top, left = place // v * side, place % v * side
        changed = images.clone()
        changed[:, :, top : top + side, left : left + side] = noise(2, 3, side, side, seed=place)
        moved = (map_of(network, changed, family.layer) - before).square().sum((0, 1)).flatten()
        answers[place] = moved / moved.sum()
    places = torch.arange(u * v).view(u, v)
    turned = [order for k in range(4) for order in (places.rot90(k), places.rot90(k).T)]
    own, *others = (float(answers[:, order.flatten()].trace()) for order in turned)
    assert own > 1.1 * max(others)


@pytest.mark.parametrize("method", PEERS)
@pytest.mark.parametrize("name", FAMILIES)
def test_pytorch_grad_cam_agrees_with_a_reshape_written_by_hand(name: str, method: str) -> None:
    family, network, images = asked(name)
    if method == "hires_cam" and name in NORMALISED:
        with pytest.raises(ExplainerError, match="nothing but rounding"):
            explain(network, images, TARGETS, [method])
        return
    found = explain(network, images, TARGETS, [method])
    layer = network.module.get_submodule(family.layer.split(" > ")[0])

    def as_map(tokens: Tensor) -> Tensor:
        return patches(tokens, family)

    with PEERS[method](network.module, [layer], reshape_transform=as_map) as peer:
        theirs = torch.from_numpy(peer(images, [ClassifierOutputTarget(t) for t in TARGETS]))
    ours = resize(found[method], (family.side, family.side))
    low, high = ours.amin((1, 2), keepdim=True), ours.amax((1, 2), keepdim=True)
    expected = torch.where(high > low, (ours - low) / (high - low), torch.zeros(()))
    torch.testing.assert_close(expected, theirs, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_other_method_works_and_gradients_are_those_of_a_plain_pass(name: str) -> None:
    _, network, images = asked(name)
    unlike = {"score_cam", "ablation_cam", "hires_cam", "lrp", *GUIDED}  # by channels; refused
    methods = [method for method in EVERY if method not in unlike]
    found = explain(network, images, TARGETS, methods, settings=FEW)
    assert all(torch.isfinite(found[method]).all() for method in methods)
    hidden = images.clone()
    hidden[:, :, :16, :16] = 0
    with torch.no_grad():
        before, after = (network.module(x)[range(2), TARGETS] for x in (images, hidden))
    torch.testing.assert_close(found["occlusion"][:, 0, 0], before - after, rtol=1e-3, atol=1e-5)
    seen = images.clone().requires_grad_()  # both at once: see tests of passes.strides
    (expected,) = torch.autograd.grad(network.module(seen)[range(2), TARGETS].sum(), seen)
    scale = float(expected.abs().max())
    torch.testing.assert_close(found["gradient"], expected, rtol=1e-3, atol=1e-4 * scale)


@pytest.mark.parametrize("name", FAMILIES)
def test_guided_methods_are_refused_with_the_activation_that_they_do_not_know(name: str) -> None:
    _, network, images = asked(name)
    for method in GUIDED:
        with pytest.raises(ExplainerError, match=r"rectifies by (gelu|hardswish)"):
            explain(network, images, TARGETS, [method])
    with pytest.raises(ExplainerError, match="propagation has no rule for"):
        explain(network, images, TARGETS, ["lrp"])


def test_the_last_tokens_of_hiera_lie_as_timm_itself_puts_them_back() -> None:
    _, network, images = asked("Hiera")
    (theirs,) = network.module.forward_intermediates(images, indices=[3], intermediates_only=True)
    torch.testing.assert_close(map_of(network, images, "blocks.3"), theirs.detach())


@pytest.mark.parametrize("layer", ["blocks.0", "blocks.1", "blocks.2"])
def test_earlier_tokens_of_hiera_lie_in_another_order_and_are_refused(layer: str) -> None:
    _, network, images = asked("Hiera")
    with pytest.raises(ExplainerError, match=r"do not follow the rows of its \d+×\d+ patches"):
        explain(network, images, TARGETS, layer=layer)


def described(family: Family) -> str:
    if family.tokens is None:
        return "a map"
    before = family.tokens.prefix
    return f"tokens behind {before}" if before else "tokens"


def outcome(network: Network, images: Tensor, methods: list[str]) -> str:
    """All of them together are right, or each is refused."""
    try:
        explain(network, images, TARGETS, methods, settings=FEW)
    except ExplainerError:
        for method in methods:
            with pytest.raises(ExplainerError):
                explain(network, images, TARGETS, [method], settings=FEW)
        return "refused"
    return "right"


def test_the_table_in_the_documents_is_what_is_found() -> None:
    cams = ["grad_cam", "xgrad_cam", "layer_cam", "gam", "integrated_grad_cam", "group_cam"]
    columns = {
        "CAMs": cams,
        "`hires_cam`": ["hires_cam"],
        "gradients": ["gradient", "integrated_gradients", "smooth_grad"],
        "`occlusion`": ["occlusion"],
        "guided": GUIDED,
        "attention": list(OF_ATTENTION),
    }
    lines = [
        f"| network | from | explained by default | that is | {' | '.join(columns)} |",
        f"|{'---|' * (4 + len(columns))}",
    ]
    for name in FAMILIES:
        family, network, images = asked(name)
        found = [outcome(network, images, methods) for methods in columns.values()]
        cells = [name, family.of, family.named, described(family), *found]
        lines.append(f"| {' | '.join(cells)} |")
    table = "\n".join(lines)
    assert table in PAGE.read_text(encoding="utf-8"), f"docs/methods.md should hold:\n{table}"
