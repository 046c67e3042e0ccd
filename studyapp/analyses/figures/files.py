"""Figures as files for a paper: drawings, the numbers behind them, and the code that draws them."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from . import draw
from .figure import Figure


def write_figures(figures: Sequence[Figure], folder: Path, forms: Sequence[str]) -> None:
    """Write every figure in each of `forms` ("pdf", "svg", "png") into a new `folder`, beside
    figures.json and draw.py, which draws them anew."""
    folder.mkdir(parents=True)
    data = [figure.data for figure in figures]
    text = json.dumps(data, ensure_ascii=False, indent=1)
    (folder / "figures.json").write_text(f"{text}\n", encoding="utf-8")
    shutil.copyfile(draw.__file__, folder / "draw.py")
    draw.write_files(data, folder, forms)
