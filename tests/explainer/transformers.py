"""The families of transformers that docs/methods.md lists, each a small network of its own class.

Every weight is drawn, so that nothing is zero by how a library begins: heads, biases, positions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from timm.models.cait import Cait
from timm.models.coat import CoaT
from timm.models.deit import VisionTransformerDistilled
from timm.models.hiera import Hiera
from timm.models.levit import Levit
from timm.models.mlp_mixer import MlpMixer
from timm.models.mvitv2 import MultiScaleVit, MultiScaleVitCfg
from timm.models.pit import PoolingVisionTransformer
from timm.models.twins import Twins
from timm.models.vision_transformer import VisionTransformer as TimmTransformer
from timm.models.xcit import Xcit
from torch import Tensor, nn
from torchvision.models import MaxVit, SwinTransformer, VisionTransformer
from torchvision.models.swin_transformer import PatchMergingV2, SwinTransformerBlockV2

from explainer.passes.grids import Tokens

PLAIN = {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 2, "num_heads": 2}
SWIN = {"patch_size": [4, 4], "embed_dim": 12, "depths": [2, 2], "num_heads": [2, 2]}
FOUR = {"img_size": 64, "num_heads": 2, "mlp_ratios": (2, 2, 2, 2)}
TWINS = {**FOUR, "embed_dims": (8, 8, 12, 12), "num_heads": (1, 1, 2, 2)}
COAT = {**FOUR, "patch_size": 4, "embed_dims": (8, 12, 12, 12), "serial_depths": (1, 1, 1, 1)}


@dataclass(frozen=True)
class Family:
    """`make` and its arguments; `side` of the photo; what is explained: `layer`, how its tokens lie
    (None: a map), its `grid`, and the same layer's name in a network of full size, `named`."""

    make: Callable[..., nn.Module]
    side: int
    arguments: dict[str, Any]
    layer: str
    grid: tuple[int, int]
    tokens: Tokens | None
    named: str
    of: str = "timm"


def _mvit(*, use_cls_token: bool, **sizes: Any) -> nn.Module:
    blocks = MultiScaleVitCfg(
        depths=(1, 1, 1), embed_dim=8, num_heads=1, use_cls_token=use_cls_token
    )
    return MultiScaleVit(blocks, img_size=(32, 32), **sizes)


FAMILIES = {
    "ViT": Family(
        *(VisionTransformer, 32),
        {"image_size": 32, "patch_size": 8, "num_layers": 2, "num_heads": 2, "hidden_dim": 24}
        | {"mlp_dim": 32},
        *("encoder.layers.encoder_layer_1.ln_1", (4, 4), Tokens(4, 4, 1)),
        *("the last block's `ln_1`", "torchvision"),
    ),
    "Swin": Family(
        *(SwinTransformer, 32, {**SWIN, "window_size": [4, 4]}),
        *("permute", (4, 4), None, "`permute`, behind the last normalisation", "torchvision"),
    ),
    "SwinV2": Family(
        *(SwinTransformer, 32),
        {**SWIN, "window_size": [4, 4], "block": SwinTransformerBlockV2}
        | {"downsample_layer": PatchMergingV2},
        *("permute", (4, 4), None, "`permute`, behind the last normalisation", "torchvision"),
    ),
    "MaxViT": Family(
        *(MaxVit, 32),
        {"input_size": (32, 32), "stem_channels": 8, "partition_size": 2, "head_dim": 4}
        | {"block_channels": [8, 16], "block_layers": [1, 1], "stochastic_depth_prob": 0.0},
        *("blocks.1", (4, 4), None, "the last of `blocks`", "torchvision"),
    ),
    "DeiT": Family(
        *(TimmTransformer, 32, PLAIN),
        *("blocks.1.norm1", (4, 4), Tokens(4, 4, 1), "the last block's `norm1`"),
    ),
    "DeiT, distilled": Family(
        *(VisionTransformerDistilled, 32, PLAIN),
        *("blocks.1.norm1", (4, 4), Tokens(4, 4, 2), "the last block's `norm1`"),
    ),
    "CaiT": Family(
        *(Cait, 32, {**PLAIN, "depth_token_only": 1, "init_values": 1.0}),
        *("blocks", (4, 4), Tokens(4, 4), "`blocks`, before the class attention"),
    ),
    "DINO with registers": Family(
        *(TimmTransformer, 32, {**PLAIN, "reg_tokens": 4, "init_values": 1.0}),
        *("blocks.1.norm1", (4, 4), Tokens(4, 4, 5), "the last block's `norm1`"),
    ),
    "Hiera": Family(
        *(Hiera, 64, {"img_size": (64, 64), "embed_dim": 8, "stages": (1, 1, 1, 1)}),
        *("blocks.3", (2, 2), Tokens(2, 2), "the last of `blocks`; the first stages are refused"),
    ),
    "XCiT": Family(
        *(Xcit, 32, {**PLAIN, "eta": 1.0}),
        *("cls_attn_blocks.1.norm1", (4, 4), Tokens(4, 4, 1)),
        "the last class attention's `norm1`",
    ),
    "PiT": Family(
        *(PoolingVisionTransformer, 32),
        {"img_size": 32, "patch_size": 8, "stride": 4, "base_dims": (8, 8, 8)}
        | {"depth": (1, 1, 2), "heads": (1, 2, 4)},
        *("transformers.2.blocks.1.norm1", (2, 2), Tokens(2, 2, 1), "the last block's `norm1`"),
    ),
    "LeViT": Family(
        *(Levit, 128),
        {"img_size": 128, "embed_dim": (16, 24, 32), "key_dim": 8, "depth": (1, 1, 1)}
        | {"num_heads": (2, 2, 2)},
        *("stages", (2, 2), Tokens(2, 2), "`stages`, before the mean"),
    ),
    "MLP-Mixer": Family(
        *(MlpMixer, 32, {"img_size": 32, "patch_size": 8, "num_blocks": 2, "embed_dim": 24}),
        *("norm", (4, 4), Tokens(4, 4), "`norm`, before the mean"),
    ),
    "CoAt, lite": Family(
        *(CoaT, 64, {**COAT, "parallel_depth": 0, "crpe_window": {3: 1, 5: 1}}),
        *("serial_blocks4.0.norm1", (2, 2), Tokens(2, 2, 1), "the last block's `norm1`"),
    ),
    "CoAt": Family(
        *(CoaT, 64, {**COAT, "parallel_depth": 1, "crpe_window": {3: 1, 5: 1}}),
        *("serial_blocks2.0", (8, 8), Tokens(8, 8, 1)),
        "the last of `serial_blocks2`, from which the scales that are read in parallel are made",
    ),
    "Twins-PCPVT": Family(
        *(Twins, 64, {**TWINS, "depths": (1, 1, 1, 1)}),
        *("norm", (2, 2), Tokens(2, 2), "`norm`, before the mean"),
    ),
    "Twins-SVT": Family(
        *(Twins, 64, {**TWINS, "depths": (2, 2, 2, 2), "wss": (7, 7, 7, 7)}),
        *("norm", (2, 2), Tokens(2, 2), "`norm`, before the mean"),
    ),
    "MViTv2": Family(
        *(_mvit, 32, {"use_cls_token": False}),
        *("norm > __getitem__", (2, 2), Tokens(2, 2), "`norm`, before the mean"),
    ),
    "MViTv2 with a class token": Family(
        *(_mvit, 32, {"use_cls_token": True}),
        *("stages.2.blocks.0.norm1", (4, 4), Tokens(4, 4, 1), "the last block's `norm1`"),
    ),
}


@cache
def transformer(name: str) -> nn.Module:
    """The family's small network for five classes, with weights from a seed."""
    family = FAMILIES[name]
    with torch.random.fork_rng():
        torch.manual_seed(1)
        module = family.make(num_classes=5, **family.arguments).eval()
        with torch.no_grad():
            for weights in module.parameters():
                weights += torch.randn_like(weights) / 10
            for part in module.modules():  # training makes LeViT look about each place's own
                if hasattr(part, "attention_biases"):
                    part.attention_biases[:, 0] += 4
            # LeViT keeps what its first pass makes of its biases, be it with a graph
            module(torch.zeros(1, 3, family.side, family.side))
    return module


def patches(tokens: Tensor, family: Family) -> Tensor:
    """N×K×u×v of a layer's output, as its library lays it out."""
    if family.tokens is None:
        return tokens
    u, v, prefix, _ = family.tokens
    return tokens[:, prefix:].reshape(len(tokens), u, v, -1).permute(0, 3, 1, 2)
