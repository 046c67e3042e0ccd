"""Pointing: where would you look? A click on the plain photo, before any map is seen.

The score is the map's percentile at the click and the normalised scanpath saliency (NSS), worked
out afterwards from the map: never a game of fifteen pixels.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray
from PIL import Image

from studyapp.paradigms.base import (
    PHOTO,
    Candidate,
    Category,
    Classified,
    Paradigm,
    Places,
    Refusal,
)
from studyapp.paradigms.predicted import single_truth
from studyapp.paradigms.questions import Asked, Question
from studyapp.sections.blocks import BlockSection

FIRST_CLASSES = 10
SIDE = 224
Values = NDArray[np.float32]


def questions(asked: Asked) -> list[Question]:
    words = _("Click on the spot that shows best that this is: %(name)s") % {"name": asked.category}
    return [Question("point", words, "point", size=asked.display.size)]


def places(asked: Asked) -> Places:
    return {PHOTO: PHOTO}


def candidates(
    categories: Sequence[Category], answers: dict[str, Classified]
) -> list[Candidate] | Refusal:
    """The photo's category, explained by its best-ranked class."""
    truth = single_truth(categories)
    if isinstance(truth, Refusal):
        return truth
    first = answers["stronger"].classes[:FIRST_CLASSES]
    ranked = [index for index in first if index in truth.accepted]
    if not ranked:
        return Refusal("the category is not among the network's first ten classes")
    return [Candidate(truth.name, ranked[0])]


def point_scores(values: Values, point: Mapping[str, float]) -> tuple[float, float]:
    """(percentile, NSS) of a map at `point` (fractions of width and height).

    values: u×v, or C×H×W signed, whose magnitude counts. It is drawn at 224 pixels a side,
    bilinearly. The percentile is the share of places with a lower value plus half of those with
    the same, times 100; NSS (Peters et al., Vision Research 2005) the value in standard
    deviations from the map's mean. A constant map has NSS 0.
    """
    drawn = _drawn(values)
    row = min(int(point["y"] * SIDE), SIDE - 1)
    column = min(int(point["x"] * SIDE), SIDE - 1)
    there = drawn[row, column]
    percentile = 100 * float((drawn < there).mean() + (drawn == there).mean() / 2)
    spread = float(drawn.std())
    return percentile, float((there - drawn.mean()) / spread) if spread > 0 else 0.0


def _drawn(values: Values) -> NDArray[np.float64]:
    flat = np.abs(values).max(axis=0) if values.ndim == 3 else values
    picture = Image.fromarray(np.ascontiguousarray(flat, dtype=np.float32))
    drawn = picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(drawn, dtype=np.float64)


def widest(block: BlockSection) -> float:
    """Between two percentiles."""
    return 100.0


PARADIGM = Paradigm(
    name="pointing",
    title="Where does it show?",
    shows_maps=False,
    questions=questions,
    places=places,
    candidates=candidates,
    widest=widest,
)
