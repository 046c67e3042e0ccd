"""easy-VQA's pictures and questions, as the package holds them (Zhou 2019, MIT).

4000 pictures of 64 × 64 pixels to train with and 1000 others, each with one coloured shape on a
light ground, and about ten questions each. The package is found and never imported: it would bring
a module called `test` along.
"""

import importlib.util
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ready.errors import MakingError

Split = Literal["train", "test"]
SIDE = 64  # pixels
SHAPES = ("circle", "rectangle", "triangle")
COLOURS = ("black", "blue", "brown", "gray", "green", "red", "teal", "yellow")
ANSWERS = ("yes", "no", *SHAPES, *COLOURS)
APART = 40  # of 255, in one channel: what differs more from the ground belongs to the shape


@dataclass(frozen=True)
class Question:
    """`picture`: the number of the picture, which its file is named after."""

    picture: int
    text: str
    answer: str

    @property
    def kind(self) -> str:
        """What it asks for: `yes or no`, `shape` or `colour`."""
        if self.answer in ("yes", "no"):
            return "yes or no"
        return "shape" if self.answer in SHAPES else "colour"


@dataclass(frozen=True, eq=False)
class Part:
    """One half of the data: pictures, and the questions about them."""

    pixels: NDArray[np.uint8]  # pictures × SIDE × SIDE × 3
    questions: Sequence[Question]
    _masks: dict[int, NDArray[np.bool_]] = field(default_factory=dict, init=False)

    @cached_property
    def images(self) -> Tensor:
        """Pictures × 3 × SIDE × SIDE of uint8."""
        return torch.from_numpy(self.pixels).permute(0, 3, 1, 2)

    @property
    def groups(self) -> list[str]:
        """Of each question: those about one picture are alike."""
        return [str(one.picture) for one in self.questions]

    def mask(self, picture: int) -> NDArray[np.bool_]:
        if picture not in self._masks:
            self._masks[picture] = mask_of(self.pixels[picture])
        return self._masks[picture]


def package() -> Path:
    """Where the package's data lie; MakingError where it is not installed."""
    spec = importlib.util.find_spec("easy_vqa")
    folders = spec.submodule_search_locations if spec is not None else None
    if not folders:
        raise MakingError(
            "The package easy-vqa is missing: run `make install-demo`, or `pip install --no-deps "
            "easy-vqa==1.0`."
        )
    return Path(folders[0]) / "data"


def read_part(split: Split, most: int | None = None) -> Part:
    """The pictures, at most so many of them, with their questions in the package's order."""
    folder = package() / split
    rows = json.loads((folder / "questions.json").read_text("utf-8"))
    questions = [Question(picture, text, answer) for text, answer, picture in rows]
    count = 1 + max(one.picture for one in questions)
    count = count if most is None else min(count, most)
    pixels = np.stack([read_picture(folder / "images" / f"{n}.png") for n in range(count)])
    return Part(pixels, [one for one in questions if one.picture < count])


def read_picture(path: Path) -> NDArray[np.uint8]:
    """SIDE × SIDE × 3."""
    with Image.open(path) as file:
        return np.asarray(file.convert("RGB"))


def mask_of(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """SIDE × SIDE: where the shape is. The ground has one colour, the picture's commonest."""
    colours = Counter(map(tuple, pixels.reshape(-1, 3).tolist()))
    ground = np.asarray(colours.most_common(1)[0][0])
    shape: NDArray[np.bool_] = np.abs(pixels.astype(int) - ground).max(2) > APART
    return shape
