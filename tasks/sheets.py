"""Pictures of any shape inside the one square that people see."""

from typing import Any

from PIL import Image as Picture


def in_square(picture: Any, display: dict[str, Any]) -> Any:
    """A picture as large as fits a square of the display's size, on the page's own colour, so that
    the shape of a file tells nothing."""
    size, colour = int(display["size"]), str(display["surround"])
    scale = size / max(picture.size)
    width, height = (max(1, round(length * scale)) for length in picture.size)
    paper = Picture.new("RGB", (size, size), colour)
    fitted = picture.resize((width, height), Picture.Resampling.LANCZOS)
    paper.paste(fitted, ((size - width) // 2, (size - height) // 2))
    return paper
