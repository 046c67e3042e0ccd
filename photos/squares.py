"""The square of a photo that a network was given, and the same of a map of the whole photo."""

from PIL import Image


def square(
    picture: Image.Image,
    side: int,
    *,
    size: int,
    resize: int,
    squash: bool = False,
    filter: Image.Resampling = Image.Resampling.BILINEAR,
) -> Image.Image:
    """The square in the middle, drawn `side` pixels wide: as wide as `size` where the picture's
    short side is `resize`. `squash`: the other side is made as short first."""
    short = round(resize * side / size)
    width, height = (int(short * length / min(picture.size)) for length in picture.size)
    if squash:
        width = height = short
    resized = picture.resize((width, height), filter)
    left, top = round((width - side) / 2), round((height - side) / 2)
    return resized.crop((left, top, left + side, top + side))
