"""How far maps under autocast are from those in float32, for every method, on a trained network.

    python bench/precision.py [--device cpu] [--networks efficientnet_lite0] [--type bfloat16]

Photos are eight cut-outs of the two that come with scikit-learn, each explained for the class that
float32 puts first (Score-CAM and Ablation-CAM: one photo). For each method the largest and the mean
difference, as shares of the float32 map's range, and the mean correlation of the two maps' values
(Pearson), of the worst photo too.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from PIL import Image  # noqa: E402
from sklearn.datasets import load_sample_images  # type: ignore[import-untyped]  # noqa: E402
from torch import Tensor  # noqa: E402

from bench.gpu import SETTINGS, apart  # noqa: E402
from explainer import METHODS, ExplainerError, Network, explain, load_network  # noqa: E402
from explainer.passes.devices import device_named  # noqa: E402

SIDE = 320
# Thousands of passes each
OF_ONE_PHOTO = ("score_cam", "ablation_cam")


def photos() -> list[Image.Image]:
    found = []
    for picture in load_sample_images().images:
        height, width = picture.shape[:2]
        corners = [(0, 0), (0, width - SIDE), (height - SIDE, 0), (height - SIDE, width - SIDE)]
        found += [Image.fromarray(picture[y : y + SIDE, x : x + SIDE]) for y, x in corners]
    return found


def alike(one: Tensor, other: Tensor) -> list[float]:
    """Of each photo the correlation of both maps' values; 1 where neither map shows anything."""
    pairs = zip(one.flatten(1).numpy(), other.flatten(1).numpy(), strict=True)
    return [
        float(np.corrcoef(a, b)[0, 1]) if a.std() and b.std() else float(a.std() == b.std())
        for a, b in pairs
    ]


def compare(network: Network, images: Tensor, dtype: torch.dtype, methods: Sequence[str]) -> None:
    classes = network.predict(images).argmax(1).tolist()
    for method in methods:
        own = {method: SETTINGS[method]} if method in SETTINGS else {}
        count = 1 if method in OF_ONE_PHOTO else len(images)
        asked: Any = (network, images[:count], classes[:count], (method,))
        try:
            whole = explain(*asked, settings=own)[method]
            with torch.autocast(network.device.type, dtype=dtype):
                cast = explain(*asked, settings=own)[method]
        except ExplainerError as error:
            print(f"{network.name:<20}{method:<26}left out: {error}", flush=True)
            continue
        (largest, mean), found = apart(whole, cast), alike(whole, cast)
        row = f"{network.name:<20}{method:<26}{largest:>10.3f}{mean:>10.4f}"
        print(f"{row}{np.mean(found):>12.4f}{min(found):>10.4f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--networks", default="efficientnet_lite0")
    parser.add_argument("--type", choices=["bfloat16", "float16"], default="bfloat16")
    parser.add_argument("--methods", default=",".join(METHODS))
    chosen = parser.parse_args()
    print(f"{'network':<20}{'method':<26}{'largest':>10}{'mean':>10}{'alike':>12}{'least':>10}")
    for name in chosen.networks.split(","):
        network = load_network(name, weights="package", device=device_named(chosen.device))
        compare(
            network,
            network.prepare(photos()),
            getattr(torch, chosen.type),
            chosen.methods.split(","),
        )


if __name__ == "__main__":
    main()
