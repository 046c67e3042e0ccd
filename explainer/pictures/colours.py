"""Colour maps as small named strings: hexadecimal stops from no evidence to the most.

viridis, cividis, inferno (van der Walt, Smith, Firing; Nuñez, Anderton, Renslow) and turbo
(Mikhailov) are sampled from matplotlib, which publishes them under CC0 and Apache-2.0; jet is what
the Grad-CAM paper's figures use. viridis and cividis are safe for colour-blind people; jet and
turbo are not, and jet's brightness rises and falls.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from explainer.errors import ExplainerError, did_you_mean

STOPS: dict[str, str] = {
    "viridis": (
        "440154 48186a 472d7b 424086 3b528b 33638d 2c728e 26828e 21918c "
        "1fa088 28ae80 3fbc73 5ec962 84d44b addc30 d8e219 fde725"
    ),
    "cividis": (
        "00224e 002e6a 1a386f 32436d 434e6c 535a6d 61656f 6f7073 7d7c78 "
        "8c8878 9b9476 aba072 bcae6c cdbb63 dec958 f0d846 fee838"
    ),
    "inferno": (
        "000004 0b0724 210c4a 3d0965 57106e 71196e 8a226a a32c61 bc3754 "
        "d24644 e45a31 f1731d f98e09 fcac11 f9cb35 f2ea69 fcffa4"
    ),
    "turbo": (
        "30123b 4040a2 466be3 4294ff 28bceb 18ddc2 32f298 6dfe62 a4fc3c "
        "cdec34 eecf3a fdac34 fb7e21 eb500e d02f05 a91601 7a0403"
    ),
    "jet": (
        "000080 0000a4 0000c8 0000ed 0000ff 0020ff 0040ff 0060ff 0080ff "
        "00a0ff 00c0ff 00e0fb 16ffe1 30ffc7 49ffad 63ff94 7dff7a 97ff60 "
        "b1ff46 caff2c e4ff13 feed00 ffd000 ffb200 ff9400 ff7700 ff5900 "
        "ff3b00 ff1e00 e80000 c40000 9f0000 800000"
    ),
    "gray": ("000000 ffffff"),
}
DEFAULT = "viridis"
# From the most evidence against, by nothing in the middle, to the most for it: ColorBrewer's RdBu
# (Brewer, Apache-2.0), whose ends colour-blind people tell apart.
TWO_SIDED: dict[str, str] = {
    "blue_red": "053061 2166ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 d6604d b2182b 67001f"
}
SIDES = "blue_red"


@cache
def table(name: str) -> NDArray[np.float32]:
    """256×3 colours, 0 to 255, of the colour map `name`, by straight lines between its stops."""
    if name not in STOPS:
        raise ExplainerError(f'no colour map "{name}"', did_you_mean(name, STOPS))
    return _between(STOPS[name])


@cache
def _between(said: str) -> NDArray[np.float32]:
    stops = np.array([list(bytes.fromhex(stop)) for stop in said.split()], dtype=float)
    places = np.linspace(0, len(stops) - 1, 256)
    channels = [np.interp(places, np.arange(len(stops)), stops[:, c]) for c in range(3)]
    return np.stack(channels, axis=1).astype(np.float32)


def colour(values: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    """Colours (…×3, 0 to 255) of values in 0…1; between table entries by a straight line."""
    return _mixed(values, table(name))


def two_sided(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Colours (…×3, 0 to 255) of values in −1…1: light grey at 0, one side blue, the other red."""
    return _mixed((values + np.float32(1)) / np.float32(2), _between(TWO_SIDED[SIDES]))


def _mixed(values: NDArray[np.float32], entries: NDArray[np.float32]) -> NDArray[np.float32]:
    places = np.clip(values, 0, 1) * np.float32(255)
    low = np.minimum(places.astype(np.intp), 254)
    part = (places - low.astype(np.float32))[..., None]
    # In place, and by take: most of a picture's drawing was room for arrays and their indexing.
    mixed: NDArray[np.float32] = entries.take(low, axis=0)
    mixed *= 1 - part
    low += 1
    above = entries.take(low, axis=0)
    above *= part
    mixed += above
    return mixed
