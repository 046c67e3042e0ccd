"""A slow, obvious form of every method: plain loops over one image. A new method needs one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torchvision.transforms.functional import gaussian_blur

from explainer import Network, Preprocess

from . import references as loops
from . import slow_attention as attention
from . import slow_relevance
from .small_networks import small, with_relu

Map = NDArray[Any]
STEPS = Preprocess(size=12, resize=12)
BLACK = torch.tensor([(0 - m) / s for m, s in zip(STEPS.mean, STEPS.std, strict=True)])
WHITE = torch.tensor([(1 - m) / s for m, s in zip(STEPS.mean, STEPS.std, strict=True)])


class Subject:
    """A small network, explained at one of its two convolutions or at the ReLU after it."""

    def __init__(self, address: str, folder: Path) -> None:
        self.module = small()
        self.network = Network(self.module, address, preprocess=STEPS)
        self.address, self.photo = address, folder / "photo.png"
        pixels = np.random.default_rng(4).integers(0, 256, (12, 12, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(self.photo)

    def layer(
        self, image: Tensor, target: int, address: str = "", module: nn.Module | None = None
    ) -> tuple[Map, Map]:
        """A and g = ∂y/∂A of one image."""
        own, name = module or self.module, address or self.address
        if not name.endswith(" > relu"):
            return loops.layer_and_gradient(own, getattr(own, name), image, target)
        relu = CountedRelu()
        place = {"first > relu": 0, "second > relu": 1}[name]
        twin = with_relu(own, relu)
        return loops.layer_and_gradient(twin, relu.after[place], image, target)

    def place(self) -> tuple[nn.Module, nn.Module]:
        """The network, and the module within it whose output is the explained map."""
        if not self.address.endswith(" > relu"):
            return self.module, getattr(self.module, self.address)
        relu = CountedRelu()
        twin = with_relu(self.module, relu)
        return twin, relu.after[{"first > relu": 0, "second > relu": 1}[self.address]]

    def changed(self, image: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
        """The logits of one image whose map (1×K×u×v) is changed on its way."""
        network, module = self.place()
        handle = module.register_forward_hook(lambda _module, _args, out: change(out))
        logits: Tensor = network(image[None])[0]
        handle.remove()
        return logits

    def score(self, image: Tensor, target: int) -> float:
        with torch.no_grad():
            return float(self.module(image[None])[0, target])

    def probability(self, image: Tensor, target: int) -> float:
        with torch.no_grad():
            return float(self.module(image[None]).softmax(1)[0, target])

    def gradient(self, image: Tensor, target: int, rule: str = "gradient") -> Map:
        """∂y/∂x of one image by a ReLU written element by element."""
        slow = with_relu(self.module, loops.slow_relu(rule))
        return loops.pixel_map(slow, image[None], [target])[0].numpy()


class CountedRelu(nn.Module):
    """A ReLU whose results a hook can see, one by one."""

    def __init__(self) -> None:
        super().__init__()
        self.calls, self.after = 0, nn.ModuleList(nn.Identity() for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.after[self.calls - 1](functional.relu(x))


Reference = Callable[[Any, Tensor, int, dict[str, Any]], Map]


@dataclass(frozen=True)
class Slow:
    """`reference(subject, image, target, settings)`: one image's map. `settings`: each is tried.

    `close`: how far apart the two may be, as a share of the largest value.
    """

    reference: Reference
    settings: tuple[dict[str, Any], ...] = ({},)
    size: tuple[int, int] = field(default=(12, 14))
    close: float = 1e-5


def cam(formula: Callable[[Map, Map], Map]) -> Reference:
    return lambda subject, image, target, _: formula(*subject.layer(image, target))


def pixels(rule: str) -> Reference:
    return lambda subject, image, target, _: subject.gradient(image, target, rule)


def size_of(image: Tensor) -> tuple[int, int]:
    return int(image.shape[1]), int(image.shape[2])


def enlarged_grad_cam(subject: Subject, image: Tensor, target: int, size: tuple[int, int]) -> Map:
    return loops.bilinear(loops.grad_cam(*subject.layer(image, target)), size)


def guided(rule: str) -> Reference:
    def product(subject: Subject, image: Tensor, target: int, _: dict[str, Any]) -> Map:
        coarse = enlarged_grad_cam(subject, image, target, size_of(image))
        return coarse * subject.gradient(image, target, rule)

    return product


def gam(subject: Subject, image: Tensor, target: int, wanted: dict[str, Any]) -> Map:
    total = np.zeros(size_of(image))
    for name in wanted["layers"]:
        map = loops.layer_cam(*subject.layer(image, target, name))
        total += loops.minmax(loops.bilinear(map, size_of(image)))
    return total / len(wanted["layers"])


def between(image: Tensor, share: float) -> Tensor:
    start = BLACK[:, None, None]
    return start + share * (image - start)


def points(wanted: dict[str, Any], default: str) -> list[tuple[float, float]]:
    """Where on the path, and with which weight, by plain definitions of the sums."""
    m, name = wanted["steps"], wanted.get("points", default)
    if name == "gauss_legendre":  # the roots of the Legendre polynomial, and 2 / ((1−x²) P'(x)²)
        legendre = np.polynomial.legendre.Legendre.basis(m)
        weights = [2 / ((1 - x**2) * legendre.deriv()(x) ** 2) for x in legendre.roots()]
        return [((x + 1) / 2, w / 2) for x, w in zip(legendre.roots(), weights, strict=True)]
    if name == "trapezoid":
        ends = [1 / (2 * (m - 1)) if t in (0, m - 1) else 1 / (m - 1) for t in range(m)]
        return [(t / (m - 1), weight) for t, weight in enumerate(ends)]
    moved = {"left": 0, "middle": 0.5, "right": 1}[name]
    return [((t + moved) / m, 1 / m) for t in range(m)]


def integrated_grad_cam(
    subject: Subject, image: Tensor, target: int, wanted: dict[str, Any]
) -> Map:
    return sum(
        weight * loops.grad_cam(*subject.layer(between(image, share), target))
        for share, weight in points(wanted, "left")
    )


def integrated_gradients(
    subject: Subject, image: Tensor, target: int, wanted: dict[str, Any]
) -> Map:
    total, from_zero = np.zeros(image.shape), wanted.get("baseline") == "zeros"
    for share, weight in points(wanted, "right"):
        at = image * share if from_zero else between(image, share)
        total += weight * subject.gradient(at, target)
    way = image if from_zero else image - BLACK[:, None, None]
    return way.numpy() * total


def smooth_grad(subject: Subject, image: Tensor, target: int, wanted: dict[str, Any]) -> Map:
    n = wanted["samples"]
    drawn = torch.randn(n, *image.shape, generator=torch.Generator().manual_seed(wanted["seed"]))
    sigma = wanted["noise"] * float(image.max() - image.min())
    found = [np.float64(subject.gradient(image + sigma * sample, target)) for sample in drawn]
    mean = sum(found) / n
    return {
        "mean": mean,
        "square": sum(gradient**2 for gradient in found) / n,
        "variance": sum((gradient - mean) ** 2 for gradient in found) / n,
    }[wanted.get("statistic", "mean")]


def group_cam(subject: Subject, image: Tensor, target: int, wanted: dict[str, Any]) -> Map:
    A, g = subject.layer(image, target)
    blurred = gaussian_blur(image, [51, 51], [50.0, 50.0])
    without = subject.probability(blurred, target)
    total = np.zeros(size_of(image))
    for mask in loops.group_masks(A, g, wanted["groups"], size_of(image)):
        N = torch.from_numpy(mask).float()
        seen = image * N + blurred * (1 - N)
        total += (subject.probability(seen, target) - without) * mask
    return np.maximum(total, 0)


def score_cam(subject: Subject, image: Tensor, target: int, _: dict[str, Any]) -> Map:
    A, _g = subject.layer(image, target)
    scores = []
    for channel in A:
        mask = loops.minmax(loops.bilinear(channel, size_of(image)))
        scores.append(subject.score(image * torch.from_numpy(mask).float(), target))
    alpha = np.exp(np.array(scores) - max(scores))
    alpha /= alpha.sum()
    coarse = np.maximum(sum(a * channel for a, channel in zip(alpha, A, strict=True)), 0)
    return loops.bilinear(coarse, size_of(image))


def filled(image: Tensor, wanted: dict[str, Any]) -> Tensor:
    """C×H×W: what hidden pixels show."""
    name = wanted["fill"]
    if name == "mean":
        return torch.stack([torch.full_like(channel, channel.mean()) for channel in image])
    if name == "blur":
        return gaussian_blur(image, [51, 51], [50.0, 50.0])
    if name == "colour":
        side = STEPS.size
        seen = STEPS.tensor(Image.new("RGB", (side, side), wanted["colour"]))
        return seen[:, :1, :1].expand_as(image)
    return WHITE[:, None, None].expand_as(image)


def ablation_cam(subject: Subject, image: Tensor, target: int, _: dict[str, Any]) -> Map:
    A, _g = subject.layer(image, target)
    whole, total = subject.score(image, target), np.zeros(A.shape[1:])
    for k in range(len(A)):

        def silenced(map: Tensor, k: int = k) -> Tensor:
            changed = map.clone()
            changed[0, k] = 0
            return changed

        with torch.no_grad():
            total += (whole - float(subject.changed(image, silenced)[target])) * A[k]
    return np.maximum(total, 0)


def eigen_cam(subject: Subject, image: Tensor, target: int, wanted: dict[str, Any]) -> Map:
    A, _g = subject.layer(image, target)
    rows = A.reshape(len(A), -1).T.astype(np.float64)
    if wanted.get("centred"):
        rows -= rows.mean(0)
    along = rows @ np.linalg.svd(rows)[2][0]
    along *= np.sign(along[np.abs(along).argmax()])
    return np.maximum(along, 0).reshape(A.shape[1:])


def finer_cam(subject: Subject, image: Tensor, target: int, wanted: dict[str, Any]) -> Map:
    A, g = subject.layer(image, target)
    scores = [subject.score(image, one) for one in range(5)]
    others = sorted(set(range(5)) - {target}, key=lambda d: abs(scores[d] - scores[target]))
    nearest = others[: wanted.get("similar", 3)]
    away = sum(subject.layer(image, d)[1] for d in nearest) / len(nearest)
    formula = getattr(loops, wanted.get("base", "grad_cam"))
    return formula(A, g - wanted.get("gamma", 1.0) * away)


def shapley_cam(subject: Subject, image: Tensor, target: int, wanted: dict[str, Any]) -> Map:
    map = torch.from_numpy(subject.layer(image, target)[0])[None]

    def utility(inner: Tensor) -> Tensor:
        logits = subject.changed(image, lambda out: inner)
        more = 0 if wanted.get("utility") == "logit" else logits.log_softmax(0)[target]
        return logits[target] + more

    gradient = torch.autograd.functional.jacobian(utility, map)[0].flatten()
    hessian = torch.autograd.functional.hessian(utility, map).reshape(map.numel(), map.numel())
    shared = (gradient - hessian @ map.flatten() / 2).reshape(map.shape[1:])
    alpha = shared.mean((1, 2)).numpy()
    return np.maximum((alpha[:, None, None] * map[0].numpy()).sum(0), 0)


def occlusion(subject: Subject, image: Tensor, target: int, wanted: dict[str, Any]) -> Map:
    (height, width), high, step = size_of(image), wanted["patch"], wanted["stride"]
    wide, across = wanted.get("width", high), wanted.get("stride_across", step)
    falls, counts = np.zeros((height, width)), np.zeros((height, width))
    whole, fill = subject.score(image, target), filled(image, wanted)
    for top in range(0, height - high + 1, step):
        for left in range(0, width - wide + 1, across):
            hidden, window = image.clone(), np.s_[top : top + high, left : left + wide]
            hidden[:, *window] = fill[:, *window]
            falls[window] += whole - subject.score(hidden, target)
            counts[window] += 1
    return falls / counts


def lrp(subject: Subject, image: Tensor, target: int, wanted: dict[str, Any]) -> Map:
    bounds = (BLACK[:, None, None], WHITE[:, None, None])
    return slow_relevance.relevance(subject.module, image, target, wanted["composite"], bounds)


def edges(subject: Subject, image: Tensor, target: int, wanted: dict[str, Any]) -> Map:
    grey, (height, width) = np.pad(image.mean(0).numpy(), 1, mode="edge"), size_of(image)
    lengths = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            window = grey[i : i + 3, j : j + 3]
            across = (window[:, 2] - window[:, 0]) @ [1, 2, 1]
            down = (window[2] - window[0]) @ [1, 2, 1]
            lengths[i, j] = np.hypot(across, down)
    return lengths


def centre_prior(subject: Subject, image: Tensor, target: int, wanted: dict[str, Any]) -> Map:
    (height, width), spread = size_of(image), wanted["spread"]
    found = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            down = (i - (height - 1) / 2) / (spread * height)
            across = (j - (width - 1) / 2) / (spread * width)
            found[i, j] = np.exp(-(down**2 + across**2) / 2)
    return found


def random_weights(subject: Subject, image: Tensor, target: int, wanted: dict[str, Any]) -> Map:
    twin = subject.network.redrawn(wanted["seed"]).requires_grad_(True)
    return loops.bilinear(
        loops.grad_cam(*subject.layer(image, target, module=twin)), size_of(image)
    )


def other_image(subject: Subject, image: Tensor, target: int, wanted: dict[str, Any]) -> Map:
    other = subject.network.prepare([Image.open(wanted["photo"])])[0]
    first = max(range(5), key=lambda k: subject.score(other, k))
    made = loops.layer_cam if wanted.get("of") == "layer_cam" else loops.grad_cam
    return loops.bilinear(made(*subject.layer(other, first)), size_of(image))


POINTS = ("left", "right", "middle", "trapezoid", "gauss_legendre")
SAMPLES = {"samples": 6, "noise": 0.2, "seed": 5}
STATISTICS = ("mean", "square", "variance")
SLOW: dict[str, Slow] = {
    "grad_cam": Slow(cam(loops.grad_cam)),
    "counterfactual_grad_cam": Slow(cam(lambda A, g: loops.grad_cam(A, g, -1))),
    "guided_backprop": Slow(pixels("guided_backprop")),
    "deconvnet": Slow(pixels("deconvnet")),
    "guided_grad_cam": Slow(guided("guided_backprop")),
    "deconv_grad_cam": Slow(guided("deconvnet")),
    "xgrad_cam": Slow(cam(loops.xgrad_cam)),
    "layer_cam": Slow(cam(loops.layer_cam)),
    "hires_cam": Slow(cam(loops.hires_cam)),
    "grad_cam_pp": Slow(cam(loops.grad_cam_pp)),
    "integrated_grad_cam": Slow(
        integrated_grad_cam, ({"steps": 7}, *({"steps": 4, "points": name} for name in POINTS))
    ),
    "group_cam": Slow(group_cam, tuple({"groups": n} for n in (4, 3, 32)), (28, 30), 1e-3),
    "ablation_cam": Slow(ablation_cam, close=1e-4),
    "eigen_cam": Slow(eigen_cam, ({}, {"centred": True})),
    "finer_cam": Slow(
        finer_cam,
        (
            {},
            {"gamma": 0.6, "similar": 1},
            {"similar": 9},
            *({"base": base} for base in ("xgrad_cam", "layer_cam", "hires_cam", "grad_cam_pp")),
        ),
    ),
    "shapley_cam": Slow(shapley_cam, ({}, {"utility": "logit"})),
    "gam": Slow(gam, ({"layers": ["first", "second"]}, {"layers": ["second > relu"]})),
    "score_cam": Slow(score_cam),
    "occlusion": Slow(
        occlusion,
        (
            {"patch": 4, "stride": 2, "fill": "white"},
            {"patch": 4, "stride": 2, "width": 2, "fill": "mean"},
            {"patch": 3, "stride": 3, "width": 8, "stride_across": 6, "fill": "white"},
            {"patch": 6, "stride": 2, "fill": "colour", "colour": "#ff8000"},
        ),
    ),
    "gradient": Slow(pixels("gradient")),
    "smooth_grad": Slow(smooth_grad, (SAMPLES, *(SAMPLES | {"statistic": s} for s in STATISTICS))),
    "integrated_gradients": Slow(
        integrated_gradients,
        (
            {"steps": 4},
            {"steps": 3, "baseline": "zeros"},
            *({"steps": 4, "points": name} for name in POINTS),
        ),
    ),
    "lrp": Slow(lrp, tuple({"composite": name} for name in slow_relevance.RULES), close=1e-4),
    "edges": Slow(edges),
    "centre_prior": Slow(centre_prior, ({"spread": 0.3},)),
    "random_weights": Slow(random_weights, ({"seed": 3},)),
    "other_image": Slow(
        other_image, tuple({"photo": "photo.png"} | more for more in ({}, {"of": "layer_cam"}))
    ),
    "attention_rollout": Slow(attention.rollout, size=(32, 32)),
    "gradient_attention": Slow(attention.weighted, size=(32, 32)),
    "generic_attention": Slow(attention.generic, size=(32, 32)),
    "legrad": Slow(attention.legrad, size=(32, 32)),
}
