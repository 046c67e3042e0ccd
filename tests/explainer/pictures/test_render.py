"""Pictures, tested on their pixels."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from explainer import Display, ExplainerError, encode, render, sheet
from explainer.pictures.colours import STOPS, table, two_sided


def photo(size: int = 64, value: int | None = None) -> Image.Image:
    if value is not None:
        return Image.new("RGB", (size, size), (value, value, value))
    values = np.random.default_rng(1).integers(0, 256, (size, size, 3), dtype=np.uint8)
    return Image.fromarray(values)


def pixels(picture: Image.Image) -> NDArray[np.int64]:
    return np.asarray(picture).astype(np.int64)


def place_in(name: str, colours: NDArray[np.int64]) -> NDArray[np.int64]:
    """How far along the colour map each colour lies."""
    distance = np.abs(table(name)[None] - colours.reshape(-1, 1, 3)).sum(-1)
    return distance.argmin(1)


@pytest.mark.parametrize("name", STOPS)
def test_a_larger_value_never_gets_a_colder_colour(name: str) -> None:
    ramp = np.linspace(0, 7, 256, dtype=np.float32)[None].repeat(4, 0)
    shown = pixels(render(ramp, None, Display(colour_map=name, show_photo=False)))
    places = place_in(name, shown[0])
    assert (np.diff(places) >= 0).all()
    assert places[0] == 0
    assert places[-1] == 255


def test_a_map_for_and_against_has_grey_at_zero_and_two_sides_as_far_from_it() -> None:
    ramp = np.linspace(-4, 2, 241, dtype=np.float32)[None].repeat(4, 0)
    shown = pixels(render(ramp, None, Display(show_photo=False), signed=True))[0]
    ends = pixels(render(np.array([[-4.0, 4.0]], np.float32), None,
                         Display(show_photo=False), signed=True))[0]  # fmt: skip
    assert ends.tolist() == [[5, 48, 97], [103, 0, 31]]
    assert shown[0].tolist() == ends[0].tolist()
    assert np.ptp(shown[160]) <= 2  # 0 is grey: neither side
    assert shown[160].min() > 240
    blue, red = shown[:158], shown[163:]
    assert (blue[:, 2] > blue[:, 0]).all()
    assert (red[:, 0] > red[:, 2]).all()
    # 2 is half as far from 0 as −4: it must not be the other end's colour
    expected = np.floor(two_sided(np.float32([0.5])) + 0.5)
    assert shown[240].tolist() == expected[0].tolist()


@pytest.mark.parametrize("opacity_by", ["constant", "value"])
def test_of_a_map_for_and_against_opacity_may_follow_the_distance_from_zero(
    opacity_by: str,
) -> None:
    seen, map = photo(8, 100), np.array([[-3.0, 0.0], [0.0, 3.0]], np.float32)
    display = Display(opacity=0.8, opacity_by=opacity_by, size=2)
    shown = pixels(render(map, seen, display, signed=True))
    assert (abs(shown[0, 0] - 100) > 20).any()
    assert (abs(shown[1, 1] - 100) > 20).any()
    assert (shown[0, 1] == 100).all() == (opacity_by == "value")


def test_maps_for_and_against_drawn_together_share_their_largest_magnitude() -> None:
    strong, faint = np.array([[-8.0, 1.0]], np.float32), np.array([[-1.0, 4.0]], np.float32)
    alone = Display(show_photo=False)
    shown = pixels(render(faint, None, alone, together=[strong, faint], signed=True))[0]
    expected = np.floor(two_sided(np.float32([-0.125, 0.5])) + 0.5)
    assert shown.tolist() == expected.tolist()


def test_the_default_colours_grow_lighter_with_the_value() -> None:
    lightness = table(Display().colour_map) @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(lightness) > 0).all()


def test_outside_the_maps_support_the_photo_is_untouched_when_opacity_follows_the_value() -> None:
    map = np.zeros((8, 8), np.float32)
    map[2, 2] = 5
    seen = photo()
    shown = pixels(render(map, seen, Display(opacity_by="value", opacity=0.9)))
    support = np.zeros((64, 64), bool)
    support[12:28, 12:28] = True  # the cell's own 8×8 pixels and half a cell around
    assert (shown[~support] == pixels(seen)[~support]).all()
    assert (shown[support] != pixels(seen)[support]).any()


@pytest.mark.parametrize("opacity_by", ["constant", "value"])
def test_the_photos_brightness_does_not_depend_on_the_map(opacity_by: str) -> None:
    faint, strong = np.zeros((8, 8), np.float32), np.zeros((8, 8), np.float32)
    faint[2, 2], strong[2, 2], strong[3, 2] = 1, 1, 100
    display = Display(opacity_by=opacity_by)
    far = np.s_[40:, 40:]
    a, b = (pixels(render(map, photo(), display))[far] for map in (faint, strong))
    assert (a == b).all()


def test_constant_opacity_mixes_as_it_says() -> None:
    map = np.full((2, 2), 3, np.float32)
    shown = pixels(render(map, photo(8, 100), Display(opacity=0.25, colour_map="gray")))
    assert (shown == round(0.75 * 100 + 0.25 * 255)).all()


def test_a_signed_picture_is_mid_grey_at_zero_and_symmetric() -> None:
    map = np.zeros((3, 10, 10), np.float32)
    map[0, 0, 0], map[0, 0, 1], map[1, 5, 5] = 2, -2, 1
    shown = pixels(render(map, None, Display(percentile=100)))
    assert (shown[9, 9] == 128).all()
    assert shown[0, 0].tolist() == [255, 128, 128]
    assert shown[0, 1].tolist() == [1, 128, 128]
    assert shown[5, 5].tolist() == [128, 192, 128]


def test_a_signed_picture_is_stretched_by_the_percentile_of_its_magnitude() -> None:
    map = np.random.default_rng(0).normal(size=(3, 32, 32)).astype(np.float32)
    map[0, 0, 0] = 1000
    shown = pixels(render(map))
    limit = np.percentile(np.abs(map), 99.5)
    expected = np.floor(128 + 127 * np.clip(map / limit, -1, 1) + 0.5)
    assert np.abs(shown - np.moveaxis(expected, 0, -1)).max() <= 1
    assert shown.std() > 30


def test_joint_normalisation_keeps_the_order_between_maps() -> None:
    weak, strong = np.full((2, 2), 1, np.float32), np.full((2, 2), 4, np.float32)
    display = Display(show_photo=False, colour_map="gray")
    alone = pixels(render(weak, None, display))
    together = pixels(render(weak, None, display, together=[weak, strong]))
    assert (alone == 255).all()
    assert (together == 64).all()


def test_the_same_input_gives_the_same_bytes_and_no_metadata() -> None:
    map, seen = np.random.default_rng(2).random((7, 7), np.float32), photo()
    seen.info["exif"] = b"who and where"
    for format in ("png", "webp"):
        first, second = (encode(render(map, seen, Display(size=96)), format) for _ in range(2))
        assert first == second
        read = Image.open(io.BytesIO(first))
        assert read.size == (96, 96)
        assert (pixels(read) == pixels(render(map, seen, Display(size=96)))).all()
        assert not {"exif", "icc_profile", "dpi", "Software"} & set(read.info)
        assert not isinstance(read, PngImagePlugin.PngImageFile) or not read.text


def test_an_empty_map_shows_the_coldest_colour_only() -> None:
    shown = pixels(render(np.zeros((3, 3), np.float32), None, Display(show_photo=False)))
    assert (shown == table("viridis")[0]).all()


def test_a_sheet_lays_pictures_side_by_side() -> None:
    paper = sheet([photo(10, value) for value in (10, 20, 30)], columns=2, gap=4)
    assert paper.size == (24, 24)
    assert paper.getpixel((0, 0)) == (10, 10, 10)
    assert paper.getpixel((14, 0)) == (20, 20, 20)
    assert paper.getpixel((0, 14)) == (30, 30, 30)
    assert paper.getpixel((12, 12)) == paper.getpixel((20, 20)) == (255, 255, 255)


def test_a_sheet_of_unlike_or_no_pictures_is_refused() -> None:
    for pictures in ([], [photo(10), photo(12)]):
        with pytest.raises(ExplainerError, match="sheet"):
            sheet(pictures, columns=2)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"colour_map": "virids"}, "did you mean viridis"),
        ({"opacity": 1.5}, "use 0 to 1"),
        ({"opacity_by": "map"}, "constant"),
        ({"color_map": "viridis"}, "did you mean colour_map"),
        ({"percentile": 0}, "above 0"),
    ],
)
def test_a_display_that_makes_no_sense_is_refused(settings: dict[str, object], told: str) -> None:
    with pytest.raises(ExplainerError, match=told):
        Display.from_settings(settings)


def test_maps_that_can_not_be_drawn_are_refused() -> None:
    for bad in (np.zeros(4), np.zeros((2, 4, 4)), np.full((2, 2), np.nan), np.zeros((0, 3))):
        with pytest.raises(ExplainerError):
            render(bad.astype(np.float32), photo())
    with pytest.raises(ExplainerError, match="no photo"):
        render(np.ones((2, 2), np.float32))


def test_each_display_has_its_own_digest() -> None:
    displays = [Display(), Display(opacity=0.6), Display(size=448), Display(colour_map="jet")]
    assert len({display.digest() for display in displays}) == 4
    assert Display().digest() == Display.from_settings({"opacity": 0.5}).digest()
