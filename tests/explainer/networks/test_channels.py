"""Networks of one channel or of many see what they were trained on; people see the same part."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image
from torch import nn

from explainer import (
    Display,
    ExplainerError,
    Network,
    Preprocess,
    examine,
    explain,
    explain_many,
    open_channels,
    store,
)
from explainer.__main__ import main
from photos import Channels

LAND = Preprocess(
    32, 40, [0.1] * 12, [0.5] * 12, channels=12, shown=(3, 2, 1), values=(0, 10_000),
    bright=(0, 3_000),
)  # fmt: skip
GREY = Preprocess(32, 40, [0.4], [0.2], channels=1)
FACTORY = f"{__name__}:land"


def module(channels: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return nn.Sequential(
            nn.Conv2d(channels, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 8, 3, 2, 1), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3),
        ).eval()  # fmt: skip


def land() -> Network:
    return Network(module(12), labels=("field", "wood", "town"), preprocess=LAND)


def satellite(seed: int = 0) -> Any:
    """50×40×12 uint16: smooth fields, each channel its own."""
    coarse = np.random.default_rng(seed).integers(200, 2_900, (5, 4, 12))
    return np.kron(coarse, np.ones((10, 10, 1))).astype(np.uint16)


def as_file(values: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, values, photometric="minisblack", planarconfig="contig")
    return file.getvalue()


def test_a_network_of_twelve_channels_sees_each_resized_cropped_and_normalised() -> None:
    seen = land().prepare([open_channels(as_file(satellite()), 12)])
    assert seen.shape == (1, 12, 32, 32)
    for n in range(12):
        plane = Image.fromarray(satellite()[..., n].astype(np.float32))
        square = plane.resize((40, 50), Image.Resampling.BILINEAR).crop((4, 9, 36, 41))
        expected = (np.asarray(square) / 10_000 - 0.1) / 0.5
        np.testing.assert_allclose(seen[0, n].numpy(), expected, rtol=1e-6, atol=1e-6)


def test_people_see_the_declared_channels_of_the_same_part() -> None:
    photo = open_channels(as_file(satellite()), 12)
    crop = np.asarray(land().crop(photo), dtype=float)
    seen = (land().seen(photo) * 0.5 + 0.1) * 10_000
    expected = (seen[[3, 2, 1]] / 3_000 * 255).permute(1, 2, 0).numpy()
    assert np.abs(crop - expected).max() <= 1
    assert land().crop(photo, 64).size == (64, 64)
    one = Preprocess(32, 40, [0], [1], channels=1, shown=(0,), values=(0, 3_000))
    first = Channels(satellite()[..., :1].astype(np.float32))
    grey = np.asarray(one.crop(first))
    assert (grey == grey[..., :1]).all()
    assert grey.std() > 10


def test_pixel_maps_are_drawn_in_the_channels_that_people_see(tmp_path: Path) -> None:
    photo = open_channels(as_file(satellite()), 12)
    network = land()
    found = explain(network, network.prepare([photo]), methods=["gradient", "grad_cam"])
    assert found["gradient"].shape == (1, 12, 32, 32)
    torch.testing.assert_close(found.drawn("gradient"), found["gradient"][:, [3, 2, 1]])
    assert found.drawn("grad_cam") is found["grad_cam"]
    found.save(tmp_path, [network.crop(photo)], Display(size=64))
    assert len(list((tmp_path / "pictures").iterdir())) == 2
    assert store.load_maps(tmp_path / "maps.npz")["gradient"].shape == (1, 12, 32, 32)


def test_occlusion_fills_with_the_darkest_and_the_brightest_declared_value() -> None:
    network = land()
    images = network.prepare([open_channels(as_file(satellite()), 12)])
    black, white = network.plain(images, 0), network.plain(images, 255)
    torch.testing.assert_close(black, torch.full_like(images, -0.1 / 0.5))
    torch.testing.assert_close(white, torch.full_like(images, 0.9 / 0.5))


def test_a_grey_network_takes_grey_photos_and_colours_only_as_declared() -> None:
    colours = Image.fromarray(np.random.default_rng(0).integers(0, 255, (50, 40, 3), np.uint8))
    with pytest.raises(ExplainerError, match=r'one channel: say how .*channels=1, grey="luma"'):
        GREY.seen(colours)
    luma = Preprocess(32, 40, [0.4], [0.2], channels=1, grey="luma")
    square = colours.convert("L").resize((40, 50), Image.Resampling.BILINEAR)
    expected = (np.asarray(square.crop((4, 9, 36, 41))) / 255 - 0.4) / 0.2
    np.testing.assert_allclose(luma.seen(colours)[0].numpy(), expected, atol=1e-6)
    np.testing.assert_allclose(GREY.seen(colours.convert("L"))[0].numpy(), expected, atol=1e-6)
    shown = np.asarray(luma.crop(colours))
    assert (shown == shown[..., :1]).all()
    network = Network(module(1), preprocess=luma)
    found = explain(network, network.prepare([colours]), [1], ["gradient", "integrated_gradients"])
    assert found["gradient"].shape == (1, 1, 32, 32)
    assert len(found.overlay("gradient", [network.crop(colours)])) == 1
    examine(Network(module(1), preprocess=GREY), [("grad_cam", {})])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (
            {"channels": 12},
            "3 means and 3 deviations for 12 channels: give one of each per channel",
        ),
        ({"channels": 1}, "3 means and 3 deviations for 1 channels"),
        ({"channels": 2, "mean": [0, 0], "std": [1, 1]}, "can't be shown 2 channels: say which"),
        ({"shown": (0, 1, 3), "values": (0, 1)}, "does not fit 3 channels: give one"),
        ({"shown": (0, 1), "values": (0, 1)}, "give one or three of 0 to 2"),
        ({"shown": (2, 1, 0)}, r"not declared: give the lowest .*values=\(0, 10000\)"),
        ({"shown": (2, 1, 0), "values": (9, 9)}, "give the lowest, then the highest"),
        ({"values": (0, 1)}, r"say which channels are shown: shown=\(3, 2, 1\)"),
        ({"grey": "luma"}, 'use grey="luma" with channels=1'),
    ],
)
def test_what_is_not_declared_of_channels_is_asked_for(given: Any, why: str) -> None:
    with pytest.raises(ExplainerError, match=why):
        Preprocess(32, 32, **given)


def test_files_that_are_not_what_was_declared_are_refused() -> None:
    network = land()
    with pytest.raises(ExplainerError, match="the photo: has 4 channels, and 12 are declared"):
        network.open(as_file(satellite()[..., :4]))
    bright = open_channels(as_file(satellite() * 9), 12)
    with pytest.raises(ExplainerError, match=r"outside the declared 0 to 10000: declare a wider"):
        network.seen(bright)
    with pytest.raises(ExplainerError, match=r"outside the declared 0 to 10000: declare a wider"):
        network.crop(bright)
    with pytest.raises(ExplainerError, match="takes files of 12 channels: give what open_channels"):
        network.seen(Image.new("RGB", (40, 40)))
    with pytest.raises(ExplainerError, match="holds 12 channels, and the network takes photos"):
        GREY.seen(open_channels(as_file(satellite()), 12))
    with pytest.raises(ExplainerError, match="takes 12: give the channels that"):
        LAND.seen(open_channels(as_file(satellite()[..., :4]), 4))


def test_digests_of_preprocessings_that_were_there_before_are_the_same() -> None:
    before = "16c0138143e3641e57ac00870d4129204cea4ab25add60cbd90108f22d1006a1"
    assert Preprocess().digest() == Preprocess(shown=[]).digest() == before
    assert LAND.digest() != Preprocess(
        32, 40, [0.1] * 12, [0.5] * 12, channels=12, shown=(3, 2, 1), values=(0, 9_000)
    ).digest()  # fmt: skip


def test_the_command_line_explains_files_of_channels_beside_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NETWORK_FACTORIES", FACTORY)
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a.tif").write_bytes(as_file(satellite()))
    np.save(photos / "b.npy", satellite(1))
    np.save(photos / "c.npy", satellite(2)[..., :3])
    (photos / "map.jpg").write_bytes(b"no picture of channels")
    asked = ["explain", str(photos), "--network", FACTORY, "--methods", "grad_cam,gradient"]
    assert main([*asked, "--out", str(tmp_path / "maps")]) == 1
    told = capsys.readouterr().err
    assert "c.npy: an array of 50×40×3, and 12 channels are declared" in told
    assert "2 explained" in told
    for folder in (tmp_path / "maps").iterdir():
        manifest = json.loads((folder / "manifest.json").read_text())
        assert manifest["shapes"]["gradient"] == [1, 12, 32, 32]
        assert (folder / "pictures" / "gradient-0.png").is_file()
    saved = explain_many(land(), [photos / "a.tif"], tmp_path / "again", progress=False)
    assert saved.failed == {}


def test_a_network_of_one_channel_sees_greys_and_no_other_colour() -> None:
    steps = Preprocess(size=4, resize=4, mean=(0.5,), std=(0.5,), channels=1)
    with pytest.raises(ExplainerError, match=r"takes one channel: name a grey, such as #808080"):
        steps.plain((255, 0, 0))
    torch.testing.assert_close(steps.plain((255, 255, 255)), torch.ones(1, 4, 4))
