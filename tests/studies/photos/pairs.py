"""A study of photos that are compared with two others each, made for tests."""

from pathlib import Path

from PIL import Image

from tests.explainer.small_pair import FACTORY, SIDE

STUDY = f"""
slug = "pairs"
title = "Pairs"
kind = "pilot"
texts = {{ consent = "text.md", instructions = "text.md", debrief = "text.md" }}
images = {{ reader = "folder", folder = "photos", smallest_side = 16, cases = "cases.csv" }}
pairs = {{ main = {{ stronger = "comparing" }} }}
conditions = [
    {{ name = "map", method = "grad_cam" }},
    {{ name = "gradient", method = "gradient" }},
]
blocks = [{{ name = "main", paradigm = "agreement", trials = 2 }}]
design = {{ seed = 1, people = 8, stimuli = 8, ratings = "nearest" }}
display = {{ size = 96 }}

[networks.comparing]
builder = "{FACTORY}"
weights = "package"
"""
# Left and right half
COLOURS = {
    "asked/a.png": ((220, 20, 20), (200, 60, 20)),
    "asked/b.png": ((20, 230, 60), (20, 200, 90)),
    "asked/c.png": ((40, 60, 240), (20, 20, 200)),
    "asked/d.png": ((200, 40, 20), (250, 10, 40)),
    "others/red.png": ((200, 10, 10), (250, 30, 10)),
    "others/green.png": ((10, 220, 20), (10, 250, 60)),
    "others/blue.png": ((10, 20, 220), (30, 40, 250)),
}
# What is right by the table: the network agrees about a and b, and not about c and d
TABLE = """photo,further,answer
asked/a.png,others/red.png|others/green.png,the first
asked/a.png,others/green.png|others/red.png,the second
asked/b.png,others/green.png|others/blue.png,the first
asked/b.png,others/blue.png|others/green.png,the second
asked/c.png,others/blue.png|asked/a.png,the second
asked/c.png,others/red.png|others/blue.png,the first
asked/d.png,others/red.png|others/green.png,the second
asked/d.png,asked/b.png|others/red.png,the first
"""


def write_pairs(folder: Path, *, table: str = TABLE, study: str = STUDY) -> Path:
    """A study file whose network compares each of four photos with two others, twice."""
    for name, (left, right) in COLOURS.items():
        path = folder / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = Image.new("RGB", (SIDE, SIDE), left)
        picture.paste(right, (SIDE // 2, 0, SIDE, SIDE))
        picture.save(path)
    (folder / "text.md").write_text("Text.", encoding="utf-8")
    (folder / "cases.csv").write_text(table, encoding="utf-8")
    path = folder / "study.toml"
    path.write_text(study, encoding="utf-8")
    return path
