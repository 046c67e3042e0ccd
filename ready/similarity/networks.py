"""Which of two photos is more like a third: AlexNet's and VGG-16's answers, by two measures.

Nothing is trained: convolutions are ImageNet's, and LPIPS brings its own weights of their channels.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from explainer import Network, Preprocess, load_weights
from explainer.networks import pooled

SEED = 20261129  # of cases, and of weights that are not trained
ANSWERS = ("the left photo", "the right photo")
Measure = Literal["cosine", "lpips"]
# By the network: its rectifiers after which LPIPS looks, and the pixels of a case's side. A photo's
# side is half of that, and gives an even number of cells everywhere: 10 in the last maps of both.
TAPS: Mapping[str, tuple[int, ...]] = {
    "alexnet": (1, 4, 7, 9, 11),
    "vgg16": (3, 8, 15, 22, 29),
}
SIZES: Mapping[str, int] = {"alexnet": 376, "vgg16": 320}
TEMPERATURE = 0.1
BOTH = 10.0  # how much more both photos together weigh in a score than the answer's own


class Comparing(nn.Module):
    """Cuts a case into its three photos, sees each by itself, and lays their maps out again.

    N×3×S×S to N×2. An answer's score is its photo's similarity to the reference, divided by a
    temperature, plus BOTH times the sum of the two: probabilities are the same without that sum,
    and with it a score depends on both photos, so that an explanation of it lies over both.
    """

    def __init__(self, features: nn.Sequential, taps: Sequence[int], measure: Measure) -> None:
        super().__init__()
        starts = (0, *(tap + 1 for tap in taps[:-1]))
        self.stages = nn.ModuleList(
            features[start : tap + 1] for start, tap in zip(starts, taps, strict=True)
        )
        self.maps = nn.ModuleList(nn.Identity() for _ in taps)
        widths = [
            [layer.out_channels for layer in stage.children() if isinstance(layer, nn.Conv2d)][-1]
            for stage in self.stages
        ]
        self.weights = nn.ParameterList(torch.ones(width, 1, 1) for width in widths)
        self.measure = measure

    def forward(self, cases: Tensor) -> Tensor:
        similar = self.similarities(cases)[self.measure]
        return (similar + BOTH * similar.sum(1, keepdim=True)) / TEMPERATURE

    def similarities(self, cases: Tensor) -> dict[str, Tensor]:
        """N×2 by each measure: the left and the right photo's to the reference."""
        photos, apart = cut(cases), cases.new_zeros(len(cases), 2)
        for stage, laid, weights in zip(self.stages, self.maps, self.weights, strict=True):
            photos = cut(laid(laid_out(stage(photos))))
            apart = apart + distances(photos, weights)
        return {"cosine": cosines(photos), "lpips": -apart}


def cut(cases: Tensor) -> Tensor:
    """The three photos of N×C×2h×2w, or their maps: 3N×C×h×w, all references first."""
    high, wide = cases.shape[2] // 2, cases.shape[3] // 2
    above = cases[:, :, :high, wide // 2 : wide // 2 + wide]
    below = cases[:, :, high:]
    return torch.cat([above, below[:, :, :, :wide], below[:, :, :, wide:]])


def laid_out(photos: Tensor) -> Tensor:
    """What `cut` cuts; 0 beside the reference."""
    reference, left, right = photos.chunk(3)
    wide = photos.shape[3]
    above = nn.functional.pad(reference, (wide // 2, wide - wide // 2))
    return torch.cat([above, torch.cat([left, right], 3)], 2)


def cosines(photos: Tensor) -> Tensor:
    """N×2: of the means of the last maps, the cosine of each other photo's and the reference's."""
    reference, left, right = photos.mean((2, 3)).chunk(3)
    return torch.stack([torch.cosine_similarity(reference, one, dim=1) for one in (left, right)], 1)


def distances(photos: Tensor, weights: Tensor) -> Tensor:
    """N×2: what one of LPIPS's five layers adds (Zhang et al., arXiv 1801.03924, equation 1)."""
    lengths = photos.square().sum(1, keepdim=True).clamp(min=1e-20).sqrt()
    reference, left, right = (photos / (lengths + 1e-10)).chunk(3)
    return torch.stack(
        [(weights * (reference - one).square()).sum(1).mean((1, 2)) for one in (left, right)], 1
    )


def comparing(name: str, measure: Measure) -> Comparing:
    """The module with weights drawn by chance, in evaluation mode."""
    features = pooled.build(
        f"{name}_pooled", weights=None, sha256=None, seed=SEED, labels=(), num_classes=1
    ).module.features
    assert isinstance(features, nn.Sequential)
    return Comparing(features, TAPS[name], measure).eval()


def trained(name: str) -> Comparing:
    """The module with ImageNet's convolutions and LPIPS's weights."""
    module = comparing(name, "lpips")
    features = pooled.trunk(f"{name}_pooled", pooled.PACKAGE, num_classes=1).module.features
    assert isinstance(features, nn.Sequential)
    layers = [layer for stage in module.stages for layer in stage.children()]
    for layer, known in zip(layers, features, strict=True):
        layer.load_state_dict(known.state_dict())
    for weights, own in zip(module.weights, pooled.perceptual(f"{name}_pooled"), strict=True):
        weights.data.copy_(own)
    return module


def network(name: str, module: Comparing) -> Network:
    size = SIZES[name]
    preprocess = Preprocess(size=size, resize=size)  # LPIPS's own are ImageNet's mean and deviation
    return Network(module, "maps.4", ANSWERS, preprocess, name=f"{name}, {module.measure}")


def alexnet(weights: str, measure: Measure = "cosine") -> Network:
    module = comparing("alexnet", measure)
    load_weights(module, weights)
    return network("alexnet", module)


def vgg16(weights: str, measure: Measure = "cosine") -> Network:
    module = comparing("vgg16", measure)
    load_weights(module, weights)
    return network("vgg16", module)
