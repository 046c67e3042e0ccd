"""A named layer of tokens is a map: its patches in rows, class and register tokens left beside."""

from functools import partial
from typing import Any

import pytest
import torch
from pytorch_grad_cam import GradCAM, HiResCAM, LayerCAM, XGradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from timm.models.cait import Cait
from timm.models.deit import VisionTransformerDistilled
from timm.models.mlp_mixer import MlpMixer
from timm.models.vision_transformer import VisionTransformer as TimmTransformer
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import VisionTransformer

from explainer import METHODS, ExplainerError, Network, explain, settings_digest
from explainer.pictures.resizing import resize
from tests.explainer.references import layer_and_gradient
from tests.explainer.small_networks import noise, seeded
from tests.explainer.small_transformers import OneHead

LAYERED = [
    name for name, method in METHODS.items() if method.layer != "none" and not method.needs_relu
]
LAST_READ = "encoder.layers.encoder_layer_1.ln_1"
SIZES = {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 2, "num_heads": 2}


def vit() -> nn.Module:
    module = seeded(
        VisionTransformer,
        image_size=32,
        patch_size=8,
        num_layers=2,
        num_heads=2,
        hidden_dim=24,
        mlp_dim=32,
        num_classes=5,
    )
    with torch.random.fork_rng():
        torch.manual_seed(1)
        nn.init.normal_(module.heads.head.weight)  # torchvision's begins with zeros
    return module


class InTheOpen(nn.Module):
    """torchvision's transformer written with a map N×K×u×v in the middle of its last block."""

    def __init__(self, of: nn.Module) -> None:
        super().__init__()
        self.of, self.map = of, nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        of, encoder = self.of, self.of.encoder
        x = torch.cat([of.class_token.expand(len(x), -1, -1), of._process_input(x)], 1)
        first, last = encoder.layers
        x = first(x + encoder.pos_embedding)
        y = last.ln_1(x)
        map = self.map(y[:, 1:].transpose(1, 2).reshape(len(y), -1, 4, 4) * 1.0)
        y = torch.cat([y[:, :1], map.flatten(2).transpose(1, 2)], 1)
        x = x + last.self_attention(y, y, y, need_weights=False)[0]
        return of.heads(encoder.ln(x + last.mlp(last.ln_2(x)))[:, 0])


class Rows(nn.Module):
    """Patches, of a convolution or cut out by hand, with one more token before them or `tail`
    behind; `turned`: column by column."""

    def __init__(
        self, *, convolution: bool = False, tail: int = 0, width: int = 8, turned: bool = False
    ) -> None:
        super().__init__()
        self.convolution, self.tail, self.turned = convolution, tail, turned
        self.patches = nn.Conv2d(3, width, 4, 4) if convolution else nn.Linear(48, width)
        self.extra = nn.Parameter(torch.zeros(1, 1, width))
        self.block = nn.TransformerEncoderLayer(width, 2, 16, batch_first=True)
        self.classes = nn.Linear(width, 5)

    def forward(self, x: Tensor) -> Tensor:
        if self.convolution:
            map = self.patches(x)
            tokens = (map.mT if self.turned else map).flatten(2).transpose(1, 2)
        else:
            tokens = self.patches(functional.unfold(x, 4, stride=4).transpose(1, 2))
        extra = self.extra.expand(len(x), -1, -1)
        order = [tokens, *[extra] * self.tail] if self.tail else [extra, tokens]
        return self.classes(self.block(torch.cat(order, 1)).square().mean(1))


class Blurred(nn.Module):
    """Each place becomes the mean of its row, which no weights have learnt."""

    def forward(self, x: Tensor) -> Tensor:
        return x + x.mean(3, keepdim=True)


def by_hand(module: nn.Module, layer: str, image: Tensor, target: int, grid: Any) -> list[Tensor]:
    """A and g, K×u×v each, place by place from the tokens of a plain backward pass."""
    u, v, prefix = grid
    maps = []
    for tokens in layer_and_gradient(module, module.get_submodule(layer), image, target):
        map = torch.zeros(tokens.shape[1], u, v)
        for i in range(u):
            for j in range(v):
                map[:, i, j] = torch.as_tensor(tokens[prefix + i * v + j])
        maps.append(map)
    return maps


NETWORKS = {
    "torchvision": (vit, LAST_READ, (4, 4, 1)),
    "first block": (vit, "encoder.layers.encoder_layer_0", (4, 4, 1)),
    "registers": (
        lambda: seeded(TimmTransformer, num_classes=5, reg_tokens=2, **SIZES),
        *("blocks.1.norm1", (4, 4, 3)),
    ),
    "no class token": (
        lambda: seeded(
            TimmTransformer, num_classes=5, class_token=False, global_pool="avg", **SIZES
        ),
        *("norm", (4, 4, 0)),
    ),
    "distilled": (
        lambda: seeded(VisionTransformerDistilled, num_classes=5, **SIZES),
        *("blocks.1.norm1", (4, 4, 2)),
    ),
    "class attention": (
        lambda: seeded(Cait, num_classes=5, depth_token_only=1, init_values=1.0, **SIZES),
        *("blocks.1", (4, 4, 0)),
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_map_and_its_gradient_are_those_of_the_patch_tokens(name: str) -> None:
    make, layer, grid = NETWORKS[name]
    module, images, targets = make(), noise(2, 3, 32, 32), [1, 4]
    graph = Network(module, layer).graph(images, [layer])
    torch.testing.assert_close(graph.outputs, module(images))
    map = graph.maps[layer]
    scores = graph.outputs[torch.arange(2), targets]
    (gradient,) = graph.gradients(scores, [map], "gradient")
    for n, target in enumerate(targets):
        own_map, own_gradient = by_hand(module, layer, images[n], target, grid)
        torch.testing.assert_close(map[n], own_map)
        torch.testing.assert_close(gradient[n], own_gradient)
        assert own_gradient.any()


def own_blocks(*, depth: int = 2) -> nn.Module:
    module = vit()
    with torch.random.fork_rng():
        torch.manual_seed(2)
        module.encoder.layers = nn.Sequential(*(OneHead(24) for _ in range(depth)))
    return module.eval()


def with_a_head(make: Any, **kwargs: Any) -> nn.Module:
    module = seeded(make, num_classes=5, **kwargs)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        nn.init.normal_(module.head.weight)
    return module


POOLED = {"class_token": False, "num_classes": 5, **SIZES}
DEFAULTS = {
    "torchvision": (vit, LAST_READ),
    "own queries": (own_blocks, "encoder.layers.1.norm1"),
    "registers": (NETWORKS["registers"][0], "blocks.1.norm1"),
    "distilled": (NETWORKS["distilled"][0], "blocks.1.norm1"),
    "class attention": (NETWORKS["class attention"][0], "blocks"),
    "mean": (lambda: seeded(TimmTransformer, global_pool="avg", **POOLED), "norm > __getitem__"),
    "asked": (lambda: seeded(TimmTransformer, global_pool="map", **POOLED), "norm > __getitem__"),
    "no attention": (
        lambda: with_a_head(MlpMixer, img_size=32, patch_size=8, num_blocks=2, embed_dim=24),
        "norm",
    ),
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_the_last_patches_that_the_score_reads_are_explained_by_default(name: str) -> None:
    make, layer = DEFAULTS[name]
    network, images = Network(make()), noise(2, 3, 32, 32)
    found = explain(network, images, [1, 2], ["grad_cam", "gam"])
    assert found.layer == layer
    expected = explain(network, images, [1, 2], ["grad_cam"], layer=layer)
    assert torch.equal(found["grad_cam"], expected["grad_cam"])
    assert found["grad_cam"].shape == (2, 4, 4)
    assert network.stages(images) == (layer,)
    by_score = explain(network, images, lambda output: output[:, 1])
    assert by_score.layer == layer


def test_what_reaches_the_score_beside_the_last_patches_is_told() -> None:
    # The class token goes its own way past the normalisation, and brings what earlier blocks saw
    assert (
        "blocks.1.mlp.fc1"
        in explain(Network(NETWORKS["registers"][0]()), noise(1, 3, 32, 32), [1]).beside
    )
    pooled = Network(NETWORKS["no class token"][0]())
    assert explain(pooled, noise(1, 3, 32, 32), [1]).beside == ()


@pytest.mark.parametrize(
    "make", [partial(own_blocks, depth=1), partial(seeded, Rows, turned=True, convolution=True)]
)
def test_patches_that_have_not_yet_met_or_are_in_another_order_are_no_default(make: Any) -> None:
    with pytest.raises(ExplainerError, match=r"goes on with a sequence of tokens.*can't be told"):
        explain(Network(make()), noise(1, 3, 32, 32), [1])


def test_every_method_gives_what_the_network_written_with_a_map_gives() -> None:
    module, images = vit(), noise(2, 3, 32, 32)
    layers = {"integrated_grad_cam": {"steps": 2}}
    found, expected = (
        explain(network, images, [1, 2], LAYERED,
                settings={**layers, "gam": {"layers": [network.layer]}})
        for network in (Network(module, LAST_READ), Network(InTheOpen(module).eval(), "map"))
    )  # fmt: skip
    assert found.layer == LAST_READ
    for method in set(LAYERED) - {"random_weights"}:  # whose weights are drawn module by module
        torch.testing.assert_close(found[method], expected[method], rtol=1e-4, atol=1e-6)
    for method in LAYERED:
        assert found[method].abs().max() > 0


PEERS = {"grad_cam": GradCAM, "xgrad_cam": XGradCAM, "layer_cam": LayerCAM, "hires_cam": HiResCAM}


@pytest.mark.parametrize("method", PEERS)
def test_pytorch_grad_cam_agrees_with_its_reshape_transform(method: str) -> None:
    module, images, targets = vit(), noise(3, 3, 32, 32, seed=2), [0, 1, 3]
    found = explain(Network(module, LAST_READ), images, targets, [method])

    def as_map(tokens: Tensor) -> Tensor:
        return tokens[:, 1:].reshape(len(tokens), 4, 4, -1).permute(0, 3, 1, 2)

    layer = module.get_submodule(LAST_READ)
    with PEERS[method](module, [layer], reshape_transform=as_map) as peer:
        theirs = torch.from_numpy(peer(images, [ClassifierOutputTarget(t) for t in targets]))
    ours = resize(found[method], (32, 32))
    low, high = ours.amin((1, 2), keepdim=True), ours.amax((1, 2), keepdim=True)
    shown = ~found.empty[method]
    assert shown.any()
    torch.testing.assert_close(((ours - low) / (high - low))[shown], theirs[shown],
                               rtol=0, atol=1e-5)  # fmt: skip


def test_photos_that_are_not_square_have_their_own_grid() -> None:
    network = Network(seeded(Rows, convolution=True), "block")
    for size in ((16, 24), (24, 24), (24, 16)):
        found = explain(network, noise(2, 3, *size), [1, 2])["grad_cam"]
        assert found.shape == (2, size[0] // 4, size[1] // 4)


@pytest.mark.parametrize("width", [8, 26])  # 26: as many channels as tokens
@pytest.mark.parametrize("convolution", [False, True])
def test_tokens_whose_places_the_pass_does_not_show_are_refused_until_the_grid_is_said(
    width: int, convolution: bool
) -> None:
    module, images = seeded(Rows, width=width, convolution=convolution), noise(2, 3, 20, 20)
    if convolution:
        explain(Network(module, "block"), images, [1, 2])
    else:
        with pytest.raises(ExplainerError, match=r"1×26×\d+, a sequence.*grid=\(u, v\)"):
            explain(Network(module, "block"), images, [1, 2])
    found = [
        explain(Network(module, "block", grid=grid), images, [1, 2])["grad_cam"]
        for grid in ((5, 5), [5, 5, 1])
    ]
    assert found[0].shape == (2, 5, 5)
    assert torch.equal(*found)


def test_a_class_token_behind_the_patches_is_left_out_as_well() -> None:
    module, image = seeded(Rows, convolution=True, tail=2), noise(1, 3, 20, 20)
    graph = Network(module, "block").graph(image, ["block"])
    own_map, own_gradient = by_hand(module, "block", image[0], 1, (5, 5, 0))
    (gradient,) = graph.gradients(graph.outputs[:, 1], [graph.maps["block"]], "gradient")
    torch.testing.assert_close(graph.outputs, module(image))
    torch.testing.assert_close(graph.maps["block"][0], own_map)
    torch.testing.assert_close(gradient[0], own_gradient)


def test_tokens_of_a_map_that_was_blurred_keep_its_places() -> None:
    module, images = seeded(Rows, convolution=True), noise(2, 3, 20, 20)
    module.patches = nn.Sequential(module.patches, Blurred()).eval()
    said = Network(module, "block", grid=(5, 5, 1))
    expected = explain(said, images, [1, 2])["grad_cam"]
    assert torch.equal(explain(Network(module, "block"), images, [1, 2])["grad_cam"], expected)


@pytest.mark.parametrize("grid", [None, (5, 5)])
def test_patches_in_another_order_than_row_by_row_are_refused(grid: Any) -> None:
    module = seeded(Rows, convolution=True, turned=True)
    with pytest.raises(ExplainerError, match="26 tokens do not follow the rows of its 5×5"):
        explain(Network(module, "block", grid=grid), noise(1, 3, 20, 20), [1])


@pytest.mark.parametrize("grid", [(5, 5), (4, 4, 0), (2, 8), (3, 3, 8)])
def test_a_grid_that_contradicts_the_pass_is_refused(grid: Any) -> None:
    network = Network(vit(), LAST_READ, grid=grid)
    with pytest.raises(ExplainerError, match=r"lie as grid=\(4, 4, 1\).*leave grid out"):
        explain(network, noise(1, 3, 32, 32), [1])


@pytest.mark.parametrize("grid", [(6, 6), (5, 5, 0), (5, 5, 2)])
def test_a_grid_that_does_not_fit_the_number_of_tokens_is_refused(grid: Any) -> None:
    network = Network(seeded(Rows), "block", grid=grid)
    with pytest.raises(ExplainerError, match=r"does not fit.*26 tokens.*u·v \+ prefix = 26"):
        explain(network, noise(1, 3, 20, 20), [1])


@pytest.mark.parametrize("grid", [(4,), (4, 4, 1, 1), (4, 0), (4, 4, -1), (4.0, 4), 4, "44"])
def test_a_grid_of_another_form_is_refused(grid: Any) -> None:
    with pytest.raises(ExplainerError, match="rows and columns of the patches"):
        Network(vit(), grid=grid)


@pytest.mark.parametrize("layer", ["encoder.ln", "encoder.layers.encoder_layer_1"])
@pytest.mark.parametrize("method", ["grad_cam", "hires_cam"])
def test_tokens_that_the_score_no_longer_reads_are_refused(layer: str, method: str) -> None:
    with pytest.raises(ExplainerError, match=r"not depend on the patches.*name an earlier layer"):
        explain(Network(vit(), layer), noise(1, 3, 32, 32), [1], [method])


def test_hires_cam_is_refused_where_a_normalisation_leaves_only_rounding_of_it() -> None:
    network = Network(vit(), "encoder.layers.encoder_layer_0")
    with pytest.raises(ExplainerError, match=r"nothing but rounding.*name the normalisation"):
        explain(network, noise(2, 3, 32, 32), [1, 2], ["hires_cam"])


def test_a_grid_has_a_part_in_the_digests_of_methods_with_a_layer_only() -> None:
    without, given = Network(vit(), LAST_READ), Network(vit(), LAST_READ, grid=(4, 4))
    for name, method in METHODS.items():
        same = settings_digest(without, name) == settings_digest(given, name)
        assert same == (method.layer == "none" and not method.attention)


def test_another_number_of_tokens_for_a_batch_is_not_taken_for_a_layer_that_runs_again() -> None:
    class Longer(Rows):
        def forward(self, x: Tensor) -> Tensor:
            self.tail = len(x)
            return super().forward(x)

    said = 'layer "block" gives 3×28×8, not as many tokens as the first time'
    with pytest.raises(ExplainerError, match=f"{said}: explain images .* in separate calls"):
        explain(Network(seeded(Longer, convolution=True), "block"), noise(3, 3, 20, 20), [1, 2, 0])
