"""Films, volumes and sound from files: what networks take, what people see, pictures of maps."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from explainer import Arrays, Display, ExplainerError, Network, examine, explain
from explainer.__main__ import main
from explainer.methods.shapes import ANY_SHAPE
from explainer.pictures.montages import MOST, montage, strip
from tests.explainer.explanations.test_shapes import Film, seeded, sound_net, volume_net

FILM = Arrays((3, 3, 16, 20), (0, 255), [0.5] * 3, [0.2] * 3, shown=(0, 1, 2), frames=True)
VOLUME = Arrays((2, 9, 16, 20), (-1000, 1000), [0.5, 0.4], [0.2, 0.3], shown=(0,))
SOUND = Arrays((1, 128), (-1, 1), [0.5], [0.5])


def film() -> Network:
    return Network(seeded(Film), "frame", preprocess=FILM, frames=3)


def volume() -> Network:
    return Network(seeded(volume_net), "3", preprocess=VOLUME, places=3)


def sound() -> Network:
    return Network(seeded(sound_net), "3", preprocess=SOUND, places=1)


def case(steps: Arrays, seed: int = 0) -> Any:
    low, high = steps.values
    return np.random.default_rng(seed).uniform(low, high, tuple(steps.shape)).astype(np.float32)


@pytest.mark.parametrize("steps", [FILM, VOLUME, SOUND])
def test_a_network_sees_each_channel_scaled_and_normalised(steps: Arrays) -> None:
    whole = case(steps)
    low, high = steps.values
    seen = steps.seen(whole)
    for n in range(steps.channels):
        own = np.take(whole, n, steps.axis)
        expected = ((own - low) / (high - low) - steps.mean[n]) / steps.std[n]
        np.testing.assert_allclose(
            seen.select(steps.axis, n).numpy(), expected, rtol=1e-4, atol=1e-5
        )


def test_people_see_every_frame_and_slice_of_it() -> None:
    whole = case(FILM)
    frames = FILM.pictured(whole)
    assert [one.size for one in frames] == [(20, 16)] * 3
    np.testing.assert_array_equal(
        np.asarray(frames[1]), np.rint(np.moveaxis(whole[1], 0, -1)).astype(np.uint8)
    )
    slices = VOLUME.pictured(case(VOLUME))
    assert len(slices) == 9
    assert isinstance(slices[0], Image.Image)
    one = np.asarray(slices[4])
    assert (one == one[..., :1]).all()
    assert SOUND.pictured(case(SOUND)).shape == (1, 128)


@pytest.mark.parametrize(
    ("make", "layer"), [(film, (3, 4, 5)), (volume, (5, 4, 5)), (sound, (16,))]
)
def test_the_command_line_explains_arrays_and_draws_them(
    make: Any,
    layer: tuple[int, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = f"{__name__}:{make.__name__}"
    monkeypatch.setenv("NETWORK_FACTORIES", name)
    steps = make().preprocess
    cases = tmp_path / "cases"
    cases.mkdir()
    np.save(cases / "a.npy", case(steps))
    np.save(cases / "b.npy", case(steps)[..., :-1])
    np.save(cases / "c.npy", case(steps) * 2)
    np.save(cases / "d.npy", case(steps) * np.nan)
    (cases / "e.jpg").write_bytes(b"a photo")
    asked = ["explain", str(cases), "--network", name, "--methods", "grad_cam,gradient,occlusion"]
    asked += ["--set", "occlusion.patch=8", "--set", "occlusion.stride=8"]
    assert main([*asked, "--out", str(tmp_path / "maps")]) == 1
    told = capsys.readouterr().err
    assert "b.npy: the array is" in told
    assert "as declared: give arrays of the shape that the network takes" in told
    assert "c.npy: values from" in told
    assert "d.npy: some of its values are missing or infinite" in told
    assert "1 explained" in told
    (folder,) = (tmp_path / "maps").iterdir()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["shapes"]["grad_cam"] == [1, *layer]
    assert manifest["shapes"]["gradient"] == [1, *steps.shape]
    drawn = {path.name for path in (folder / "pictures").iterdir()}
    assert drawn == {"grad_cam-0.png", "gradient-0.png", "occlusion-0.png"}


def test_all_methods_are_those_that_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"{__name__}:sound"
    monkeypatch.setenv("NETWORK_FACTORIES", name)
    np.save(tmp_path / "a.npy", case(SOUND))
    asked = ["explain", str(tmp_path / "a.npy"), "--network", name, "--methods", "all"]
    quick = ["occlusion.patch=32", "occlusion.stride=32", "smooth_grad.samples=2"]
    asked += [word for one in quick for word in ("--set", one)]
    assert main([*asked, "--out", str(tmp_path / "maps")]) == 0
    told = capsys.readouterr().err
    assert "group_cam is left out: it is for single pictures" in told
    (manifest,) = (tmp_path / "maps").glob("*/manifest.json")
    assert set(json.loads(manifest.read_text())["methods"]) == ANY_SHAPE


def test_the_hottest_place_of_a_montage_is_that_of_the_map_in_its_slice() -> None:
    maps = np.zeros((9, 4, 5), dtype=np.float32)
    maps[5, 1, 2] = 1
    slices = [Image.new("RGB", (50, 40), "black")] * 9
    picture = np.asarray(montage(maps, slices, Display(), name="slice"), dtype=float)
    red = picture[..., 0] - picture[..., 2]
    row, column = np.unravel_index(red.argmax(), red.shape)
    cell = (row // 68) * 4 + column // 58  # a slice with its label, and a gap of 8
    assert cell == 5
    assert abs(row % 68 - 15) <= 5
    assert abs(column % 58 - 25) <= 5


def test_of_many_slices_some_are_shown_from_the_first_to_the_last() -> None:
    maps = np.random.default_rng(0).random((64, 4, 5)).astype(np.float32)
    slices = [Image.new("RGB", (50, 40))] * 64
    assert montage(maps, slices, name="slice").size == (4 * 58 - 8, 3 * 68 - 8)
    assert MOST == 12
    fewer = montage(maps[:8], slices, name="slice")  # a map of fewer slices is interpolated
    assert fewer.size == (4 * 58 - 8, 3 * 68 - 8)


def test_the_hottest_place_of_a_strip_is_when_the_map_is_largest() -> None:
    maps = np.zeros(16, dtype=np.float32)
    maps[12] = 1
    wave = np.full((1, 4_000), 0.5, dtype=np.float32)
    picture = np.asarray(strip(maps, wave, Display(size=320)), dtype=float)
    assert picture.shape == (120, 320, 3)
    red = (picture[..., 0] - picture[..., 2])[10]
    assert abs(int(red.argmax()) - 250) <= 10
    peak = np.zeros((1, 4_000), dtype=np.float32)
    peak[0, 3_000] = 1  # a sample between the columns is not lost
    grey = np.asarray(strip(peak, wave, Display(size=320)), dtype=float)[60, :, 0]
    assert abs(int(grey.argmax()) - 240) <= 2
    assert grey.max() > 200


def test_three_frames_are_never_drawn_as_three_colours(tmp_path: Path) -> None:
    network = film()
    images = network.prepare([case(FILM), case(FILM, 1)])
    found = explain(network, images, [1, 2], ["grad_cam", "gradient"])
    found.save(tmp_path / "alone")
    with Image.open(tmp_path / "alone" / "pictures" / "grad_cam-0.png") as picture:
        assert picture.width > 3 * 5  # three frames side by side, each of the map's five columns
    films = [network.crop(case(FILM)), network.crop(case(FILM, 1))]
    first, _ = found.overlay("grad_cam", films)
    assert first.size == (3 * 28 - 8, 16 + 20)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"shape": (3, 16, 20)}, "give C×L, C×D×H×W, or T×C×H×W with frames=True"),
        ({"mean": [0.5]}, "1 means and 2 deviations for 2 channels"),
        ({"values": (1, 1)}, "give the lowest, then the highest"),
        ({"shown": ()}, "say which people see, one or three of 0 to 1"),
        ({"shown": (2,)}, "one or three of 0 to 1"),
    ],
)
def test_what_is_not_declared_of_arrays_is_asked_for(given: Any, why: str) -> None:
    declared: dict[str, Any] = {
        "shape": (2, 9, 16, 20), "values": (0, 1), "mean": [0, 0], "std": [1, 1], "shown": (0,),
    }  # fmt: skip
    with pytest.raises(ExplainerError, match=why):
        Arrays(**(declared | given))


def test_frames_are_declared_of_files_and_network_alike() -> None:
    with pytest.raises(
        ExplainerError, match=r"Arrays\(frames=True\) for .*frames=None: declare frames"
    ):
        Network(seeded(volume_net), "3", preprocess=FILM, places=3)
    with pytest.raises(ExplainerError, match=r"Arrays\(frames=False\) for a network with frames=3"):
        Network(seeded(Film), "frame", preprocess=VOLUME, frames=3)


def test_studies_refuse_what_they_cant_show() -> None:
    for make in (film, volume, sound):
        with pytest.raises(ExplainerError, match="which studies can't show yet: explain them with"):
            examine(make(), [("grad_cam", {})])


def test_a_black_baseline_is_the_lowest_declared_value() -> None:
    network = volume()
    images = network.prepare([case(VOLUME)])
    found = explain(network, images, [1], ["integrated_gradients"],
                    settings={"integrated_gradients": {"steps": 2}})  # fmt: skip
    start = ((0 - torch.tensor(VOLUME.mean)) / torch.tensor(VOLUME.std))[:, None, None, None]
    total = torch.zeros_like(images)
    for share in (0.5, 1.0):
        at = (start + share * (images - start)).requires_grad_()
        network.module(at)[0, 1].backward()
        total += at.grad
    torch.testing.assert_close(found["integrated_gradients"], (images - start) * total / 2)
