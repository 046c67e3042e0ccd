"""Small transformers of every making whose attention can be read, and some whose can't."""

from collections.abc import Callable
from typing import Any

import torch
from timm.models.deit import VisionTransformerDistilled
from timm.models.vision_transformer import VisionTransformer as TimmTransformer
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import VisionTransformer

from .small_networks import seeded

SIZES = {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 2, "num_heads": 2}


def drawn(module: nn.Module, seed: int = 1) -> nn.Module:
    """With every weight drawn anew: many begin with zeros, or so small that nothing is told."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for weights in module.parameters():
            nn.init.normal_(weights, std=0.3)
    return module.eval()


def vit(seed: int = 1, **changed: Any) -> nn.Module:
    """torchvision's, of two blocks over 4×4 patches and a class token."""
    sizes = {"image_size": 32, "patch_size": 8, "num_layers": 2, "num_heads": 2}
    widths = {"hidden_dim": 24, "mlp_dim": 32, "num_classes": 5}
    return drawn(seeded(VisionTransformer, **{**sizes, **widths, **changed}), seed)


def timm(**changed: Any) -> nn.Module:
    return drawn(seeded(TimmTransformer, **{"num_classes": 5, **SIZES, **changed}))


def by_hand() -> nn.Module:
    """timm's, with its softmax and its products in Python."""
    module = timm()
    for block in module.blocks:
        block.attn.fused_attn = False
    return module


class OneHead(nn.Module):
    """A block with queries, keys and values of its own and one head, N×T×T."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value, self.rest = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm1(x)
        x = x + torch.softmax(self.query(y) @ self.key(y).mT, 2) @ self.value(y)
        return x + functional.gelu(self.rest(self.norm2(x)))


class PyTorchs(nn.Module):
    """PyTorch's encoder, which normalises after each half of a block; the head takes the mean."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(24, 2, 32, batch_first=True, activation="gelu")
        self.patches = nn.Conv2d(3, 24, 8, 8)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(24, 5)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        return self.head(self.encoder(tokens).mean(1))


def one_head() -> nn.Module:
    module = vit()
    module.encoder.layers = nn.Sequential(OneHead(24), OneHead(24))
    return drawn(module)


TRANSFORMERS: dict[str, Callable[[], nn.Module]] = {
    "torchvision": vit,
    "timm": timm,
    "by hand": by_hand,
    "one head": one_head,
    "registers": lambda: timm(reg_tokens=2),
    "mean": lambda: timm(class_token=False, global_pool="avg"),
    "distilled": lambda: drawn(seeded(VisionTransformerDistilled, num_classes=5, **SIZES)),
    "PyTorch's": lambda: drawn(seeded(PyTorchs)),
}
