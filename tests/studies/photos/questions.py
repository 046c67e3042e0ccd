"""A study of photos that are asked about more than once, made for tests."""

from pathlib import Path

from PIL import Image

from tests.explainer.small_vqa import BRIGHTNESS, COLOUR, FACTORY, SIDE

STUDY = f"""
slug = "questions"
title = "Questions"
kind = "pilot"
texts = {{ consent = "text.md", instructions = "text.md", debrief = "text.md" }}
images = {{ reader = "folder", folder = "photos", smallest_side = 16, cases = "questions.csv" }}
pairs = {{ main = {{ stronger = "answering" }} }}
conditions = [
    {{ name = "map", method = "grad_cam" }},
    {{ name = "edges", method = "edges" }},
]
blocks = [{{ name = "main", paradigm = "agreement", trials = 2 }}]
design = {{ seed = 1, people = 8, stimuli = 8, ratings = "nearest" }}
display = {{ size = 96 }}

[networks.answering]
builder = "{FACTORY}"
weights = "package"
"""
# Left and right half, which differ in colour and in brightness
COLOURS = {
    "things/a.png": ((220, 20, 20), (90, 90, 200)),
    "things/b.png": ((20, 230, 60), (255, 240, 90)),
    "things/c.png": ((40, 60, 240), (20, 20, 30)),
    "things/d.png": ((250, 240, 255), (250, 90, 250)),
}
# What is right by the table: the network gives these answers about a and b, and others else
TABLE = f"""photo,context,answer
things/a.png,{COLOUR},red
things/a.png,{BRIGHTNESS},no
things/b.png,{COLOUR},green
things/b.png,{BRIGHTNESS},yes
things/c.png,{COLOUR},red
things/c.png,{BRIGHTNESS},yes
things/d.png,{COLOUR},green
things/d.png,{BRIGHTNESS},no
"""


def write_questions(folder: Path, *, table: str = TABLE, study: str = STUDY) -> Path:
    """A study file whose network is asked two questions about each of four photos."""
    for name, (left, right) in COLOURS.items():
        path = folder / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = Image.new("RGB", (SIDE, SIDE), left)
        picture.paste(right, (SIDE // 2, 0, SIDE, SIDE))
        picture.save(path)
    (folder / "text.md").write_text("Text.", encoding="utf-8")
    (folder / "questions.csv").write_text(table, encoding="utf-8")
    path = folder / "study.toml"
    path.write_text(study, encoding="utf-8")
    return path
