"""Which photos of a labelled set are judged, for which class."""

from pathlib import Path

import numpy as np

from explainer import Network, Preprocess, open_photo
from explainer.laboratory.evaluation import labelled_cases
from explainer.laboratory.segmentations import read_labelled
from tests.explainer.coco_sets import write_set
from tests.explainer.small_networks import small

LABELS = ["ant", "bee", "Sea lion", "dog", "elk"]


def test_names_are_compared_as_studies_compare_them(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (20, 20, 3), np.uint8)
    shown = {
        "1.png": (pixels, {"sea_lion": (2, 2, 12, 12)}),
        "2.png": (pixels, {"cup": (0, 0, 9, 9)}),
    }
    photos = read_labelled(write_set(tmp_path, shown))
    module = small()
    network = Network(module, "second", LABELS, Preprocess(size=16, resize=16))
    cases = labelled_cases(network, photos)
    assert [(case.path.name, case.target) for case in cases] == [("1.png", 2)]


def test_of_several_accepted_classes_the_best_scored_is_judged(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (20, 20, 3), np.uint8)
    accepted = {"animal": ["Ant", "DOG", "elk"]}
    folder = write_set(tmp_path, {"1.png": (pixels, {"animal": (2, 2, 12, 12)})}, accepted)
    module = small()
    network = Network(module, "second", LABELS, Preprocess(size=16, resize=16))
    photos = read_labelled(folder)
    (case,) = labelled_cases(network, photos)
    scores = network.predict(network.prepare([open_photo(photos[0].path)]))[0]
    assert case.target == max((0, 3, 4), key=lambda index: float(scores[index]))
