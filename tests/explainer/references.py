"""Slow, obvious forms of what the explainer computes, written straight from the papers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


def slow_relu(rule: str, ceiling: float | None = None) -> Callable[[Tensor], Tensor]:
    """A ReLU whose backward is written element by element for one rule."""

    class Slow(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            out = torch.where(x > 0, x, torch.zeros_like(x))
            if ceiling is not None:
                out = torch.where(out > ceiling, torch.full_like(out, ceiling), out)
            ctx.save_for_backward(x)
            return out

        @staticmethod
        def backward(ctx: Any, above: Tensor) -> Tensor:
            (x,) = ctx.saved_tensors
            open_gate = (x > 0) if ceiling is None else (x > 0) & (x < ceiling)
            if rule == "gradient":
                return above * open_gate
            if rule == "guided_backprop":
                return above * open_gate * (above > 0)
            return above * (above > 0)

    def relu(x: Tensor) -> Tensor:
        return Slow.apply(x)

    return relu


def pixel_map(network: nn.Module, images: Tensor, targets: list[int]) -> Tensor:
    """∂(score)/∂x image by image, by `.backward()`."""
    rows = []
    for image, target in zip(images, targets, strict=True):
        x = image[None].clone().requires_grad_()
        network(x)[0, target].backward()
        rows.append(x.grad[0])
    return torch.stack(rows)


def layer_and_gradient(
    network: nn.Module, layer: nn.Module, image: Tensor, target: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """A and ∂y/∂A of one image at a module's output, by a hook and `.backward()`."""
    kept: list[Tensor] = []

    def keep(module: nn.Module, args: Any, out: Tensor) -> Tensor:
        kept.append(out)
        out.retain_grad()
        return out.clone()

    handle = layer.register_forward_hook(keep)
    network(image[None].clone().requires_grad_())[0, target].backward()
    handle.remove()
    return kept[-1].detach().numpy()[0], kept[-1].grad.numpy()[0]


def grad_cam(A: NDArray[Any], g: NDArray[Any], sign: float = 1.0) -> NDArray[Any]:
    """Equations 1 and 2 of the Grad-CAM paper in plain loops (sign −1: the counterfactual)."""
    channels, height, width = A.shape
    total = np.zeros((height, width))
    for k in range(channels):
        alpha = 0.0
        for i in range(height):
            for j in range(width):
                alpha += float(g[k, i, j])
        alpha /= height * width
        for i in range(height):
            for j in range(width):
                total[i, j] += sign * alpha * float(A[k, i, j])
    return np.maximum(total, 0)


def bilinear(map: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Half-pixel-centre bilinear enlargement in plain loops."""
    (u, v), (height, width) = map.shape, size
    out = np.zeros(size)
    for i in range(height):
        y = min(max((i + 0.5) * u / height - 0.5, 0), u - 1)
        top, down = int(y), min(int(y) + 1, u - 1)
        for j in range(width):
            x = min(max((j + 0.5) * v / width - 0.5, 0), v - 1)
            left, right = int(x), min(int(x) + 1, v - 1)
            upper = map[top, left] * (1 - (x - left)) + map[top, right] * (x - left)
            lower = map[down, left] * (1 - (x - left)) + map[down, right] * (x - left)
            out[i, j] = upper * (1 - (y - top)) + lower * (y - top)
    return out


def minmax(map: NDArray[Any]) -> NDArray[Any]:
    """The map stretched to 0…1; zeros where it is constant."""
    low, high = map.min(), map.max()
    return np.zeros_like(map) if low == high else (map - low) / (high - low)


def xgrad_cam(A: NDArray[Any], g: NDArray[Any]) -> NDArray[Any]:
    """XGrad-CAM, equation 9, channel by channel."""
    total = np.zeros(A.shape[1:])
    for k in range(len(A)):
        alpha = sum(float(A[k, i, j]) * float(g[k, i, j]) for i, j in np.ndindex(*A.shape[1:])) / (
            float(A[k].sum(dtype=np.float64)) + 1e-7
        )
        total += alpha * A[k]
    return np.maximum(total, 0)


def layer_cam(A: NDArray[Any], g: NDArray[Any]) -> NDArray[Any]:
    """LayerCAM, equations 6 and 7, element by element."""
    total = np.zeros(A.shape[1:])
    for k, i, j in np.ndindex(*A.shape):
        if g[k, i, j] > 0:
            total[i, j] += float(g[k, i, j]) * float(A[k, i, j])
    return np.maximum(total, 0)


def hires_cam(A: NDArray[Any], g: NDArray[Any]) -> NDArray[Any]:
    """HiResCAM, element by element."""
    total = np.zeros(A.shape[1:])
    for k, i, j in np.ndindex(*A.shape):
        total[i, j] += float(g[k, i, j]) * float(A[k, i, j])
    return np.maximum(total, 0)


def grad_cam_pp(A: NDArray[Any], g: NDArray[Any]) -> NDArray[Any]:
    """Grad-CAM++, equations 5 and 19 as printed, but for the factor exp(y)."""
    total = np.zeros(A.shape[1:])
    for k in range(len(A)):
        weight, sum_A = 0.0, float(A[k].sum(dtype=np.float64))
        for i, j in np.ndindex(*A.shape[1:]):
            slope = float(g[k, i, j])
            if slope != 0:
                share = slope**2 / (2 * slope**2 + sum_A * slope**3)
                weight += share * max(slope, 0)
        total += weight * A[k]
    return np.maximum(total, 0)


def group_masks(
    A: NDArray[Any], g: NDArray[Any], groups: int, size: tuple[int, int]
) -> list[NDArray[Any]]:
    """Group-CAM's N_l: consecutive channels, each map zero up to its own 70th percentile."""
    width = -(-len(A) // groups)
    masks = []
    for first in range(0, len(A), width):
        map = np.zeros(A.shape[1:])
        for k in range(first, min(first + width, len(A))):
            map += float(g[k].mean(dtype=np.float64)) * A[k]
        map = np.maximum(map, 0)
        map[map <= np.percentile(map, 70)] = 0
        masks.append(minmax(bilinear(map, size)))
    return masks
