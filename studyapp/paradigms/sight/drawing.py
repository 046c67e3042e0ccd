"""The pictures of this folder, drawn from numbers: of each illusion one in which what people see is
not what the pixels say, and a control in which both are the same.

    manage.py shell -c "from studyapp.paradigms.sight.drawing import write; write()"

writes them to the static folder again. Simultaneous contrast: Chevreul (1839). Lines: Müller-Lyer
(1889). Discs: Ebbinghaus, told by Titchener (1901). Grid: Hermann, Pflügers Archiv 3 (1870).
"""

from collections.abc import Callable
from math import cos, pi, sin
from pathlib import Path

from PIL import Image, ImageDraw

from .question import FILES

FOLDER = Path(__file__).with_name("static")
WIDTH, HEIGHT = 960, 600
# Drawn so many times as large, and made smaller, so that edges are smooth
FINER = 4
INK, PAPER, DISC, AROUND = (34, 34, 34), (244, 244, 241), (206, 112, 30), (120, 128, 140)
Point = tuple[float, float]


class Sheet:
    """A picture in the pixels that it will have."""

    def __init__(self, ground: tuple[int, int, int] = PAPER) -> None:
        self.image = Image.new("RGB", (WIDTH * FINER, HEIGHT * FINER), ground)
        self.pen = ImageDraw.Draw(self.image)

    def box(self, left: float, top: float, width: float, height: float, tone: int) -> None:
        places = [left, top, left + width, top + height]
        ends = [round(one * FINER) for one in places]
        self.pen.rectangle((ends[0], ends[1], ends[2] - 1, ends[3] - 1), fill=(tone,) * 3)

    def disc(self, x: float, y: float, radius: float, colour: tuple[int, int, int]) -> None:
        ends = [(x - radius) * FINER, (y - radius) * FINER, (x + radius) * FINER - 1]
        self.pen.ellipse((*ends, (y + radius) * FINER - 1), fill=colour)

    def line(self, start: Point, end: Point) -> None:
        ends = [round(one * FINER) for one in (*start, *end)]
        self.pen.line(ends, fill=INK, width=6 * FINER)

    def finished(self) -> Image.Image:
        return self.image.resize((WIDTH, HEIGHT), Image.Resampling.BOX)


def contrast(*, control: bool) -> Image.Image:
    """Two squares of one grey, on black and on white; in the control the one on white is lighter
    by far."""
    sheet = Sheet()
    half = WIDTH // 2
    for place, (ground, square) in enumerate(((28, 128), (232, 128 if not control else 200))):
        sheet.box(place * half, 0, half, HEIGHT, ground)
        sheet.box(place * half + half / 2 - 80, HEIGHT / 2 - 80, 160, 160, square)
    return sheet.finished()


def lines(*, control: bool) -> Image.Image:
    """Two lines of one length with fins outwards (above) and inwards; in the control both have the
    same fins and the lower one is longer by a quarter."""
    sheet = Sheet()
    for y, half, outwards in ((170, 210, True), (430, 210 * (1.25 if control else 1), control)):
        for end in (-1, 1):
            x = WIDTH / 2 + end * half
            sheet.line((WIDTH / 2, y), (x, y))
            for up in (-1, 1):
                reach = 70 if outwards else -70
                sheet.line((x, y), (x + end * reach, y + up * 70))
    return sheet.finished()


def discs(*, control: bool) -> Image.Image:
    """Two discs of one size among large and among small ones; in the control both are among the
    same and the left one is larger by far."""
    sheet = Sheet()
    middles = (WIDTH * 0.27, WIDTH * 0.75)
    for place, x in enumerate(middles):
        small = place == 1 or control
        radius, away, count = (22, 92, 8) if small else (72, 158, 6)
        sheet.disc(x, HEIGHT / 2, 64 if control and place == 0 else 46, DISC)
        for step in range(count):
            turned = _turned(step / count)
            sheet.disc(x + turned[0] * away, HEIGHT / 2 + turned[1] * away, radius, AROUND)
    return sheet.finished()


def grid(*, control: bool) -> Image.Image:
    """A white grid on black, at whose crossings people see dark spots; in the control they are
    there."""
    sheet = Sheet((18, 18, 18))
    step, width = 120, 26
    across, down = range(60, WIDTH, step), range(60, HEIGHT, step)
    for x in across:
        sheet.box(x - width / 2, 0, width, HEIGHT, 250)
    for y in down:
        sheet.box(0, y - width / 2, WIDTH, width, 250)
    for x in across if control else ():
        for y in down:
            sheet.disc(x, y, 9, (110, 110, 110))
    return sheet.finished()


def _turned(share: float) -> Point:
    """The point at that share of a circle, from the top."""
    return sin(2 * pi * share), -cos(2 * pi * share)


DRAWN: dict[str, Callable[..., Image.Image]] = {
    "contrast": contrast, "lines": lines, "discs": discs, "grid": grid,
}  # fmt: skip


def write() -> None:
    """Write every picture to the static folder, under the name that tells nothing of it."""
    FOLDER.mkdir(exist_ok=True)
    for (illusion, control), name in FILES.items():
        picture = DRAWN[illusion](control=control).quantize(64, dither=Image.Dither.NONE)
        picture.save(FOLDER / name, optimize=True)
