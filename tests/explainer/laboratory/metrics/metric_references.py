"""Slow, obvious forms of the metrics: one image, one step, one pixel at a time."""

from typing import Any

import torch
from scipy.stats import spearmanr
from torch import Tensor, nn
from torchvision.transforms.functional import gaussian_blur


def probability(module: nn.Module, image: Tensor, target: int) -> float:
    with torch.no_grad():
        return float(module(image[None]).softmax(1)[0, target])


def by_importance(values: Tensor) -> list[tuple[int, int]]:
    """Pixels from the highest value to the lowest, equal ones in reading order."""
    pixels = [(i, j) for i in range(values.shape[0]) for j in range(values.shape[1])]
    return sorted(pixels, key=lambda pixel: -float(values[pixel]))


def area(heights: list[float], places: list[float]) -> float:
    return sum(
        (places[n + 1] - places[n]) * (heights[n] + heights[n + 1]) / 2
        for n in range(len(heights) - 1)
    )


def walk(module: nn.Module, before: Tensor, after: Tensor, asked: tuple[Tensor, int, int]) -> float:
    """The area while `after` replaces `before`, the most important pixels first."""
    values, target, step = asked
    pixels, seen = by_importance(values), before.clone()
    heights, places = [probability(module, seen, target)], [0.0]
    for number, (i, j) in enumerate(pixels, 1):
        seen[:, i, j] = after[:, i, j]
        if number % step == 0 or number == len(pixels):
            heights.append(probability(module, seen, target))
            places.append(number / len(pixels))
    return area(heights, places)


def deletion(module: nn.Module, image: Tensor, asked: tuple[Tensor, int, int]) -> float:
    return walk(module, image, torch.zeros_like(image), asked)


def insertion(module: nn.Module, image: Tensor, asked: tuple[Tensor, int, int]) -> float:
    return walk(module, gaussian_blur(image, [51, 51], [50.0, 50.0]), image, asked)


def occlusion(module: nn.Module, image: Tensor, values: Tensor, asked: tuple[int, int]) -> float:
    target, patch = asked
    means, drops = [], []
    for top in range(0, image.shape[1] - patch + 1, patch):
        for left in range(0, image.shape[2] - patch + 1, patch):
            spot = (slice(top, top + patch), slice(left, left + patch))
            covered = image.clone()
            covered[(slice(None), *spot)] = 0
            with torch.no_grad():
                drop = module(image[None])[0, target] - module(covered[None])[0, target]
            means.append(float(values[spot].mean()))
            drops.append(float(drop))
    found: Any = spearmanr(means, drops)
    return float(found.statistic)
