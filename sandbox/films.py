"""Small films: a bright square that wanders over a ground of one colour."""

import io
from fractions import Fraction
from functools import lru_cache
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame

CODECS = {"mp4": "libx264", "webm": "libvpx"}
VOICES = {"mp4": "aac", "webm": "libopus"}


@lru_cache(maxsize=64)
def small_film(
    number: int = 0,
    *,
    ending: str = "mp4",
    codec: str = "",
    seconds: float = 1.0,
    begins: float = 0.0,
    size: tuple[int, int] = (48, 48),
    sound: bool = False,
    told: tuple[tuple[str, str], ...] = (),
    options: tuple[tuple[str, str], ...] = (),
) -> bytes:
    """A film of ten pictures a second; each `number` has another colour.

    begins: the second of the first picture; told: what is written into the file beside its
    pictures; options: of the file's format.
    """
    file = io.BytesIO()
    with av.open(file, "w", format=ending, options=dict(options)) as film:
        film.metadata.update(told)
        stream: Any = film.add_stream(codec or CODECS[ending], rate=10)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        heard: Any = film.add_stream(VOICES[ending], rate=48_000) if sound else None
        for place in range(round(10 * seconds)):
            frame = _frame(number, place, size)
            frame.pts, frame.time_base = round(10 * begins) + place, Fraction(1, 10)
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
        if heard is not None:
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "flt", "mono")
            silence.sample_rate, silence.pts = 48_000, 0
            silence.time_base = Fraction(1, 48_000)
            film.mux(heard.encode(silence))
            film.mux(heard.encode())
    return file.getvalue()


def _frame(number: int, place: int, size: tuple[int, int]) -> VideoFrame:
    width, height = size
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[:] = (40 * number % 200, 60, 180 - 30 * number % 150)
    left = (place * max(1, width // 10)) % width
    pixels[height // 3 : 2 * height // 3, left : left + width // 5] = 235
    return VideoFrame.from_ndarray(pixels)
