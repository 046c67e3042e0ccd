"""A segmenter and a detector of coloured things, whose answers are right by construction."""

from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from explainer import Network, Preprocess

SEGMENTER = "tests.explainer.small_segmenter:segmenter"
DETECTOR = "tests.explainer.small_segmenter:detector"
NAMES = ("nothing", "red", "green", "blue")
SIDE = 24
# The brighter a thing, the surer is its class
COLOURS = {"red": (230, 20, 20), "green": (20, 190, 20), "blue": (20, 20, 150)}
# Where a thing may lie: left, top, right, bottom
PLACES = ((2, 3, 10, 12), (13, 11, 22, 21))


def picture(*things: str) -> Image.Image:
    """A dark picture with a thing of each colour at its place, where one is named."""
    drawn = Image.new("RGB", (SIDE, SIDE), (25, 25, 25))
    for colour, place in zip(things, PLACES, strict=False):
        if colour:
            drawn.paste(COLOURS[colour], place)
    return drawn


class Segmenting(nn.Module):
    """Maps of darkness and the three colours, and from these a score for each class and pixel."""

    def __init__(self, strength: float = 8.0) -> None:
        super().__init__()
        self.maps, self.classes = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 1)
        kernels = torch.cat([torch.full((1, 3), -1.0), 1.5 * torch.eye(3) - 0.5])
        with torch.no_grad():
            self.maps.weight.copy_(kernels[:, :, None, None])
            self.maps.bias.copy_(torch.tensor([0.6, 0.0, 0.0, 0.0]))
            self.classes.weight.copy_(strength * torch.eye(4)[:, :, None, None])
            self.classes.bias.zero_()

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        return {"out": self.classes(torch.relu(self.maps(images)))}


class Detecting(nn.Module):
    """For each image the two places, each with the colour that it shows most and how much."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Conv2d(3, 3, 1)
        with torch.no_grad():
            self.maps.weight.copy_((1.5 * torch.eye(3) - 0.5)[:, :, None, None])
            self.maps.bias.zero_()

    def forward(self, images: Tensor) -> list[dict[str, Tensor]]:
        rows = []
        for map in torch.relu(self.maps(images)):
            parts = [map[:, top:bottom, left:right] for left, top, right, bottom in PLACES]
            means = torch.stack([part.mean((1, 2)) for part in parts])
            scores, colours = means.max(1)
            kept = scores > 0.1
            boxes = map.new_tensor(PLACES)[kept]
            rows.append({"boxes": boxes, "labels": colours[kept] + 1, "scores": scores[kept]})
        return rows


def surest_pixel(output: Any) -> Tensor:
    return output["out"].amax((2, 3)) + output["out"].mean((2, 3)) / 10


def without_nothing(output: Any) -> Tensor:
    return output["out"][:, 1:].amax((2, 3))


def surest_detection(output: Any) -> Tensor:
    """Logits of each class's best score; of one that is not detected very low."""
    rows = []
    for row in output:
        own = [row["scores"][row["labels"] == k] for k in range(len(NAMES))]
        best = [scores.max() if len(scores) else row["scores"].new_tensor(0.01) for scores in own]
        rows.append(torch.logit(torch.stack(best), eps=1e-6))
    return torch.stack(rows)


def segmenter(strength: float = 8.0, drop: bool = False) -> Network:
    preprocess = Preprocess(size=SIDE, resize=SIDE, mean=(0, 0, 0), std=(1, 1, 1))
    scores, names = (without_nothing, NAMES[1:]) if drop else (surest_pixel, NAMES)
    return Network(Segmenting(strength).eval(), "maps", names, preprocess, scores=scores)


def detector() -> Network:
    preprocess = Preprocess(size=SIDE, resize=SIDE, mean=(0, 0, 0), std=(1, 1, 1))
    return Network(Detecting().eval(), "maps", NAMES, preprocess, scores=surest_detection)
