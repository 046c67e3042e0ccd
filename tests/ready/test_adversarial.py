"""Attacked photos: what is changed, what the network says of the file, what is measured."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from explainer import Network
from ready.adversarial import ABSENT, EPSILON, attacked, network_asked, refuse_visible, seen, write
from ready.errors import MakingError
from ready.photos.cutouts import Cutout, read_cutouts
from tests.ready.drawn_cutouts import draw_cutouts


@pytest.fixture(scope="module")
def network() -> Network:
    return network_asked()


def noise(seed: int = 3) -> Image.Image:
    chance = np.random.default_rng(seed)
    small = Image.fromarray(chance.integers(90, 160, (6, 6, 3), dtype=np.uint8))
    return small.resize((480, 480), Image.Resampling.BICUBIC)


def test_what_is_attacked_is_what_the_network_sees_of_the_file(network: Network) -> None:
    photo = noise()
    pixels = torch.from_numpy(np.array(photo)).permute(2, 0, 1).float()
    # Pillow rounds to whole levels after resizing: half a level, with a margin for its weights
    assert float((seen(network, pixels) - network.prepare([photo])).abs().max()) < 1.5 / 128


def test_a_file_that_moves_no_value_by_more_than_epsilon_fools_the_network(
    network: Network, tmp_path: Path
) -> None:
    photo = noise()
    moved = attacked(network, photo, network.labels.index(ABSENT))
    change = np.abs(np.asarray(moved).astype(int) - np.asarray(photo).astype(int))
    assert 0 < change.max() <= EPSILON
    moved.save(tmp_path / "moved.png")
    scores = network.predict(network.prepare([network.open(tmp_path / "moved.png")]))
    assert network.labels[int(scores.argmax())] == ABSENT


def test_too_few_photos_that_can_be_attacked_are_told(tmp_path: Path) -> None:
    unknown = Cutout(read_cutouts()[0].file, "unknown", ("nothing that it knows",))
    with pytest.raises(MakingError, match="0 of 1 photos"):
        write(draw_cutouts(tmp_path), tmp_path / "made", [unknown], 1)
    assert not (tmp_path / "made").exists()


def test_a_photo_that_was_changed_more_than_the_attack_may_is_told(tmp_path: Path) -> None:
    for folder, values in (("clean", (100, 100)), ("photos", (104, 101))):
        (tmp_path / folder).mkdir()
        for number, value in enumerate(values, 1):
            Image.new("RGB", (4, 4), (value,) * 3).save(tmp_path / folder / f"000{number}.png")
    refuse_visible(tmp_path, ["0001.png", "0002.png"])
    with pytest.raises(MakingError, match=r"0002\.png was moved by 1 of 255 .* at most 0 are"):
        refuse_visible(tmp_path, ["0001.png"])
