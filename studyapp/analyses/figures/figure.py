"""A figure: what it says in words, the numbers behind it, and its drawing inside a page.

`drawing` draws for paper; a page takes the same drawing, whose colours become those of
`figures.css`, which knows a dark theme and a browser's own letters.
"""

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from . import drawing
from .drawing import sheet

STYLE = Path(__file__).with_name("figures.css")
THEME = {
    sheet.INK: "--ink",
    sheet.FAINT: "--faint",
    sheet.RULE: "--rule",
    sheet.MARK: "--mark",
    sheet.BAND: "--band",
    sheet.PAPER: "--paper",
    sheet.GROUND: "--ground",
}
COLOUR = re.compile("|".join(THEME))
# Texts of a study stand in tags only escaped.
TAG = re.compile(r"<[^>]+>")
# A file's metadata, and its styles, which would apply to the whole page
OF_A_FILE = re.compile(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", re.DOTALL)


def page_style() -> SafeString:
    """The figures' style sheet for a page's own `style` element."""
    # Our own file, nobody's input.
    return mark_safe(STYLE.read_text(encoding="utf-8"))  # nosec B308 B703


@dataclass(frozen=True)
class Figure:
    """What is drawn (`data`, as `drawing` takes it), what it shows in words, and its numbers."""

    title: str
    alt: str
    data: Mapping[str, Any]
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def svg(self) -> str:
        """The drawing for a page that has `page_style`: no size, names or letters of its own."""
        file = io.StringIO()
        with warnings.catch_warnings():
            # Letters that matplotlib's font lacks are the browser's business.
            warnings.filterwarnings("ignore", "Glyph .* missing from font")
            drawing.save(drawing.drawn(self.data), file, "svg")
        svg = TAG.sub(_themed, OF_A_FILE.sub("", file.getvalue()))
        view, body = re.findall(r'<svg [^>]*(viewBox="[^"]*")[^>]*>(.*)', svg, re.DOTALL)[0]
        head = f'<svg {view} class="figure" role="img" aria-label="{escape(self.alt)}">'
        return head + re.sub(r">\s+<", "><", body).strip()


def _themed(tag: re.Match[str]) -> str:
    """A tag in the page's colours and letters; a group loses its name, which others have too."""
    plain = re.sub(r'^<g id="[^"]*"', "<g", tag[0]).replace("'DejaVu Sans'", "system-ui")
    return COLOUR.sub(lambda found: f"var({THEME[found[0]]})", plain)
