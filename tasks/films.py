"""Films that another tool made, drawn again as people see them: all of one size, kind and quality,
without sound and without whatever else was in their files."""

import io
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame
from PIL import Image as Picture

import explainer
from photos.films import MOST_SECONDS, MOST_SIDE
from studyapp.models import Explanation

from .sheets import in_square
from .stored_files import stored_text

FORMATS = {"mp4": "mp4", "webm": "matroska"}
# More pictures in a second no usual screen shows
MOST_FRAMES = round(60 * MOST_SECONDS) + 1
# Pictures may be larger than their file says: no decoder makes room for those, while the file is
# opened or afterwards. Names need not be letters; nobody reads them.
BOUNDED = {"max_pixels": str(MOST_SIDE**2)}
UNTRUSTED: dict[str, Any] = {"stream_options": [BOUNDED], "metadata_errors": "ignore"}
# A film's times, in parts of a second
TICKS = 90_000
# The list of pictures stands before them, so that a film begins before all of it has come: room for
# the most pictures
FILE = {"moov_size": "65536", "fflags": "+bitexact"}
# x264's: hardly to be told from the original; no picture refers to a later one, so that each comes
# out in its place; one thread, because a worker has other tasks
OPTIONS = {"crf": "17", "preset": "medium", "bf": "0", "threads": "1"}
# How colours become brightness and hue (ITU-T H.273): without a note, each browser guesses by size
BT709, LIMITED = 1, 1
# A film may say that it ends before its last picture does
SLACK = 1.0
AGAIN = "write the film again, as docs/your-explanations.md says"


def drawn_film(explanation: Explanation, display: dict[str, Any]) -> bytes:
    """The film of an explanation, inside a square of the display's size, as MP4 (H.264).

    ExplainerError for a film that is damaged, or that is not as its file says.
    """
    content = stored_text(explanation)
    ending = explanation.map_file.rpartition(".")[2]
    seconds = float(explanation.provenance["imported"]["seconds"])
    display = {**display, "size": film_side(display)}
    out = io.BytesIO()
    try:
        with (
            # A format that is named reads no playlist, and a file in memory opens no address
            av.open(io.BytesIO(content), format=FORMATS[ending], **UNTRUSTED) as source,
            av.open(out, "w", format="mp4", options=FILE) as target,
        ):
            source.streams.video[0].codec_context.options = BOUNDED
            _write(target, _timed(source, seconds), display)
    except av.error.FFmpegError as error:
        raise explainer.ExplainerError(
            f"the film can't be read ({error.strerror})", AGAIN
        ) from error
    return out.getvalue()


def film_side(display: dict[str, Any]) -> int:
    """How many pixels a side of the drawn film has: H.264 halves the colours' sides."""
    size = int(display["size"])
    return size + size % 2


def _write(
    target: Any, frames: Iterable[tuple[VideoFrame, int, int]], display: dict[str, Any]
) -> None:
    stream = target.add_stream("libx264", rate=30, options=OPTIONS)
    stream.width = stream.height = display["size"]
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.time_base = Fraction(1, TICKS)
    context.colorspace = context.color_primaries = context.color_trc = BT709
    context.color_range = LIMITED
    lasting: dict[int, int] = {}
    for frame, begins, ticks in frames:
        drawn = _drawn(frame, display)
        drawn.pts, drawn.time_base = begins, Fraction(1, TICKS)
        lasting[begins] = ticks
        _mux(target, stream.encode(drawn), lasting)
    _mux(target, stream.encode(), lasting)


def _mux(target: Any, packets: Iterable[Any], lasting: dict[int, int]) -> None:
    """Packets with how long each picture stays, which the encoder does not say."""
    for packet in packets:
        packet.duration = lasting[packet.pts]
        target.mux(packet)


def _timed(source: Any, seconds: float) -> Iterator[tuple[VideoFrame, int, int]]:
    """The film's pictures, which are no more and no larger than its file may say, each with the
    tick at which it begins and how many it stays.

    The first one begins with the film: browsers leave out a time without pictures at its begin, and
    the film would end earlier than the site expects.
    """
    count, begins, before = 0, 0, None
    for frame in source.decode(video=0):
        count += 1
        late = frame.time is None or frame.time > seconds + SLACK
        if late or count > MOST_FRAMES or max(frame.width, frame.height) > MOST_SIDE:
            raise explainer.ExplainerError("the film is longer or larger than its file says", AGAIN)
        if before is not None:
            following = round((frame.time or 0) * TICKS)
            if following <= begins:
                raise explainer.ExplainerError("the film's pictures are out of order", AGAIN)
            yield before, begins, following - begins
            begins = following
        before = frame
    if before is None or count < 2:
        raise explainer.ExplainerError("the film has no pictures that move", AGAIN)
    yield before, begins, max(TICKS // 60, round(seconds * TICKS) - begins)


def _drawn(frame: VideoFrame, display: dict[str, Any]) -> VideoFrame:
    picture = in_square(Picture.fromarray(frame.to_ndarray(format="rgb24")), display)
    return VideoFrame.from_ndarray(np.asarray(picture)).reformat(
        format="yuv420p", dst_colorspace="ITU709"
    )
