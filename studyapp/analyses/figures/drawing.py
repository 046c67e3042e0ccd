"""A figure as inline SVG: readable in grey, in both themes and by who can't see it.

Everything is drawn 400 units wide with labels above their rows, so that the same drawing can be
read on a phone and on paper. Colours come from the classes of `figures.css`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from django.utils.safestring import SafeString, mark_safe

WIDTH = 400
STYLE = Path(__file__).with_name("figures.css")


def page_style() -> SafeString:
    """The figures' style sheet for a page's own `style` element."""
    # Our own file, nobody's input.
    return mark_safe(STYLE.read_text(encoding="utf-8"))  # nosec B308 B703


@dataclass(frozen=True)
class Figure:
    """A drawing, what it says in words, and the numbers that it is drawn from."""

    title: str
    alt: str
    svg: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def standalone(self) -> str:
        """The drawing as a file of its own, with its colours in it."""
        style = STYLE.read_text(encoding="utf-8")
        head, _, body = self.svg.partition(">")
        return f'{head} xmlns="http://www.w3.org/2000/svg"><style>{style}</style>{body}\n'


class Drawing:
    """SVG elements one after the other; text is escaped, numbers are rounded."""

    def __init__(self, height: float, width: float = WIDTH) -> None:
        self.root = ET.Element("svg", {"viewBox": f"0 0 {_short(width)} {_short(height)}"})
        self.root.set("class", "figure")
        self.root.set("role", "img")

    def add(self, tag: str, kind: str, text: str = "", **attributes: float | str) -> None:
        element = ET.SubElement(self.root, tag, {"class": kind})
        for name, value in attributes.items():
            element.set(name.replace("_", "-"), _short(value))
        element.text = text or None

    def text(self, x: float, y: float, words: str, kind: str = "label", anchor: str = "") -> None:
        """Words at their baseline; `anchor` is "", "middle" or "end"."""
        extra = {"text_anchor": anchor} if anchor else {}
        self.add("text", kind, words, x=x, y=y, **extra)

    def line(self, start: tuple[float, float], end: tuple[float, float], kind: str) -> None:
        self.add("line", kind, x1=start[0], y1=start[1], x2=end[0], y2=end[1])

    def path(
        self, points: Sequence[tuple[float, float]], kind: str, *, closed: bool = False
    ) -> None:
        steps = " L".join(f"{_short(x)} {_short(y)}" for x, y in points)
        self.add("path", kind, d=f"M{steps}{' Z' if closed else ''}")

    def diamond(self, x: float, y: float, kind: str, radius: float = 5) -> None:
        around = [(x - radius, y), (x, y - radius), (x + radius, y), (x, y + radius)]
        self.path(around, kind, closed=True)

    def svg(self, alt: str) -> str:
        self.root.set("aria-label", alt)
        return ET.tostring(self.root, encoding="unicode")


def _short(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
