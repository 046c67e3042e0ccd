"""Whether networks whose pictures stand on one page are given the same square of a photo."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

import explainer
from studyapp.models import Network, Study
from studyapp.studies.definition.study import study_definition

from .networks import crop_beside_table, loaded

# A wide and a high photo, width by height
SHAPES = ((640, 448), (448, 640))
SIDE = 224
# Of a photo's side: less comes from networks of different sizes
APART = 0.01


def refuse_other_squares(study: Study) -> None:
    """ExplainerError where two networks' pictures would tell them apart by what of the photo is
    on them. Files with channels of their own are not compared: only their network reads them."""
    definition = study_definition(study)
    if definition.images.channels is not None:
        return
    rows: dict[str, Network] = {}
    for pair in study.pairs.select_related("stronger", "weaker"):
        named = definition.pairs[pair.name]
        rows[named.stronger] = pair.stronger
        if named.weaker is not None and pair.weaker is not None:
            rows[named.weaker] = pair.weaker
    for names in definition.networks_on_one_page():
        for one, other in combinations(names, 2):
            if not are_alike(rows[one], rows[other]):
                raise explainer.ExplainerError(
                    f"{one} and {other} stand on one page, and they are given different squares "
                    "of a photo, which tells them apart",
                    "give both the same square: set `resize` and `size` in the options of a "
                    "torchvision network or of a table of predictions, or make a network by a "
                    "function of yours; then load the study again",
                )


def are_alike(one: Network, other: Network) -> bool:
    """Whether both networks cut photos in the same way, as far as people can see."""
    pairs = zip(_edges(one), _edges(other), strict=True)
    return all(float(np.abs(a - b).max()) <= APART for a, b in pairs)


def _edges(network: Network) -> Iterator[NDArray[np.float64]]:
    """How far along the photo each column, then each row of the square is, from 0 to 1."""
    cut = crop_beside_table(network) if network.is_table else loaded(network).preprocess
    if cut is None:
        return
    for width, height in SHAPES:
        across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
        for values, axis in ((across, 0), (down, 1)):
            photo = Pillow.fromarray(values.round().astype(np.uint8)).convert("RGB")
            seen = np.asarray(cut.crop(photo, SIDE).convert("L"), dtype=float)
            yield seen.mean(axis=axis) / 255
