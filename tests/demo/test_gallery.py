"""The gallery page holds every method, and asks for nothing outside itself."""

import re
from pathlib import Path

from PIL import Image

from demo.gallery import OTHER, SHOWN, page, scene, webp
from explainer import METHODS, load_network
from tests.ready.drawn_cutouts import draw_cutouts


def test_the_page_shows_each_method_with_its_formula_and_loads_nothing() -> None:
    network = load_network("squeezenet1_1", weights=None)
    drawn = dict.fromkeys(["photo", *METHODS], webp(Image.new("RGB", (8, 8), "teal")))
    found = page(network, drawn)
    assert re.findall(r'<figure id="(\w+)">', found) == ["photo", *METHODS]
    assert not re.findall(r'(?:src|href)="(?!data:)', found)
    assert "1[f&gt;0]" in found


def test_the_photo_of_the_gallery_is_the_same_each_time(tmp_path: Path) -> None:
    originals = draw_cutouts(tmp_path)
    for keys in (SHOWN, OTHER):
        assert scene(originals, keys).tobytes() == scene(originals, keys).tobytes()
