"""Figures as files for a paper: drawings, the numbers behind them, and the code that draws them."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from . import drawing
from .figure import Figure

DRAWING = Path(drawing.__file__).parent


def write_figures(figures: Sequence[Figure], folder: Path, forms: Sequence[str]) -> None:
    """Write every figure in each of `forms` ("pdf", "svg", "png") into a new `folder`, beside
    figures.json and the package `drawing`, which draws them anew."""
    folder.mkdir(parents=True)
    code = folder / DRAWING.name
    code.mkdir()
    data = [figure.data for figure in figures]
    text = json.dumps(data, ensure_ascii=False, indent=1)
    (folder / "figures.json").write_text(f"{text}\n", encoding="utf-8")
    for file in DRAWING.glob("*.py"):
        shutil.copyfile(file, code / file.name)
    drawing.write_files(data, folder, forms)
