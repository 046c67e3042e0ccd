"""Attention is followed from block to block where tokens learn of each other by nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from timm.models.cait import Cait
from timm.models.mlp_mixer import MlpMixer
from timm.models.swin_transformer import SwinTransformer
from timm.models.vision_transformer import ParallelThingsBlock
from timm.models.xcit import Xcit
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import SwinTransformer as TorchvisionSwin
from torchvision.models import VisionTransformer

from explainer import ExplainerError, Network, explain
from tests.explainer.small_networks import OF_ATTENTION, noise, seeded, small
from tests.explainer.small_transformers import SIZES, TRANSFORMERS, PyTorchs, drawn, timm, vit


class Changed(PyTorchs):
    """PyTorch's encoder with something done to the tokens between its two blocks, or before."""

    def __init__(self, between: Callable[[Tensor], Tensor], *, first: bool = False) -> None:
        super().__init__()
        self.between, self.is_first = between, first
        self.over_tokens = nn.Linear(16, 16)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        one, other = self.encoder.layers
        done = one(self.between(tokens)) if self.is_first else self.between(one(tokens))
        return self.head(other(done).mean(1))


class Largest(PyTorchs):
    """Its head takes the largest value of each channel."""

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        return self.head(self.encoder(tokens).amax(1))


class MixedFirst(VisionTransformer):
    """torchvision's, whose patches have met before the class token joins them."""

    def _process_input(self, x: Tensor) -> Tensor:
        tokens = super()._process_input(x)
        return tokens + tokens.mean(1, keepdim=True)


def mixed_first() -> nn.Module:
    sizes = {"image_size": 32, "patch_size": 8, "num_layers": 2, "num_heads": 2}
    return drawn(seeded(MixedFirst, **sizes, hidden_dim=24, mlp_dim=32, num_classes=5))


class Exponentials(nn.MultiheadAttention):
    """A softmax written out, which no call shows."""

    def __init__(self) -> None:
        super().__init__(24, 2, batch_first=True)

    def forward(self, x: Tensor, *_: Any, **__: Any) -> Any:
        q, k, v = functional.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, -1)
        shares = (q @ k.mT / 5).exp()
        return self.out_proj(shares / shares.sum(-1, keepdim=True) @ v), None


def with_exponentials(block: int) -> nn.Module:
    module = vit()
    module.encoder.layers[block].self_attention = Exponentials()
    return drawn(module)


def rolled(tokens: Tensor) -> Tensor:
    return tokens.roll(1, 1)


def neighbours(tokens: Tensor) -> Tensor:
    return tokens + 0.5 * tokens.roll(1, 1)


ALONE = "tokens exchange information by more than the attentions"
OWN = "not one row and one column for each of the same tokens"
REFUSED: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "no attention": (small, "no attention that can be read"),
    "mixer": (
        lambda: drawn(seeded(MlpMixer, num_classes=5, img_size=32, patch_size=8, num_blocks=2,
                             embed_dim=24)),
        "no attention that can be read",
    ),
    "windows": (
        lambda: seeded(TorchvisionSwin, [2, 2], 24, [2, 2], [2, 2], [4, 4], num_classes=5),
        "no attention that can be read|" + OWN,
    ),
    "windows of timm's": (
        lambda: seeded(SwinTransformer, img_size=32, patch_size=4, window_size=4, embed_dim=24,
                       depths=(2, 2), num_heads=(2, 2), num_classes=5),
        OWN,
    ),
    "class attention": (
        lambda: seeded(Cait, num_classes=5, depth_token_only=1, init_values=1.0, **SIZES), OWN,
    ),
    "over channels": (
        lambda: seeded(Xcit, num_classes=5, img_size=32, patch_size=8, embed_dim=32, depth=2,
                       num_heads=2, cls_attn_layers=1, use_pos_embed=False),
        OWN,
    ),
    "a query of its own": (lambda: timm(class_token=False, global_pool="map"), OWN),
    "side by side": (lambda: timm(block_fn=ParallelThingsBlock), "does not follow the others"),
    "another order": (lambda: drawn(seeded(Changed, rolled)), ALONE),
    "another order before": (
        lambda: drawn(seeded(Changed, rolled, first=True)), "tokens do not follow the rows",
    ),
    "neighbours": (lambda: drawn(seeded(Changed, neighbours)), ALONE),
    "before the class token": (mixed_first, ALONE),
    "a softmax written out": (lambda: with_exponentials(0), ALONE),
    "a last softmax written out": (lambda: with_exponentials(1), ALONE),
    "largest values": (lambda: drawn(seeded(Largest)), "only some of the patches"),
}  # fmt: skip


@pytest.mark.parametrize("method", OF_ATTENTION)
@pytest.mark.parametrize("name", REFUSED)
def test_tokens_that_are_mixed_otherwise_are_refused_by_name(name: str, method: str) -> None:
    make, told = REFUSED[name]
    with pytest.raises(ExplainerError, match=told) as caught:
        explain(Network(make()), noise(2, 3, 32, 32), [1, 2], [method])
    assert "occlusion" in str(caught.value)


@pytest.mark.parametrize("method", OF_ATTENTION)
def test_a_compiled_network_is_refused(method: str) -> None:
    module = vit()
    module.compile()
    with pytest.raises(ExplainerError, match="compiled network hides its attention"):
        explain(Network(module), noise(1, 3, 32, 32), [1], [method])


def test_one_block_alone_has_attention_but_no_head_to_be_told_from_it() -> None:
    network, images = Network(vit(num_layers=1)), noise(1, 3, 32, 32)
    explain(network, images, [1], [name for name in OF_ATTENTION if name != "legrad"])
    with pytest.raises(ExplainerError, match=r"only one block.*generic_attention"):
        explain(network, images, [1], ["legrad"])


def test_a_branch_whose_attention_does_not_see_the_photo_is_left_out() -> None:
    class WithText(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.seen, self.words = vit(), nn.Parameter(noise(3, 16, 24))
            self.text = TRANSFORMERS["PyTorch's"]().encoder

        def forward(self, images: Tensor) -> Tensor:
            told = self.told()  # called first, so that its attentions are the first two
            return self.seen(images) * told

        def told(self) -> Tensor:
            return 1 + self.text(self.words).square().mean()

    module, images = WithText().eval(), noise(2, 3, 32, 32)
    network = Network(module)
    assert network.blocks(images).attentions == (2, 3)
    found = explain(network, images, [1, 2], OF_ATTENTION)
    alone = explain(Network(module.seen), images, [1, 2], OF_ATTENTION)
    factor = module.told().detach()
    for name in ("attention_rollout", "legrad"):
        times = factor if name == "legrad" else 1
        torch.testing.assert_close(found[name], times * alone[name])


def test_what_is_known_of_a_network_is_measured_once_for_a_size() -> None:
    network, images = Network(vit()), noise(2, 3, 32, 32)
    assert network.blocks(images) is network.blocks(images[:1])

    def first(output: Tensor) -> Tensor:
        return output[:, 0]

    assert network.blocks(images, first) is network.blocks(images, first)
    assert network.blocks(images, first).rows == network.blocks(images).rows == (0,)


@pytest.mark.parametrize("grid", [None, (4, 4), (4, 4, 1)])
def test_a_grid_that_is_said_is_believed_as_at_a_layer(grid: Any) -> None:
    images = noise(1, 3, 32, 32)
    expected = explain(Network(vit()), images, [1], ["legrad"])["legrad"]
    found = explain(Network(vit(), grid=grid), images, [1], ["legrad"])["legrad"]
    assert torch.equal(found, expected)
    with pytest.raises(ExplainerError, match=r"lie as grid=\(4, 4, 1\)"):
        explain(Network(vit(), grid=(2, 8)), images, [1], ["legrad"])
