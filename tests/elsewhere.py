"""Studies of what another tool made: answers in tables, no network. Made for tests."""

from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from sandbox.films import small_film

STUDY = """
slug = "elsewhere"
title = "Elsewhere"
kind = "pilot"
texts = { consent = "text.md", instructions = "text.md", debrief = "text.md" }
images = { reader = "folder", folder = "photos", smallest_side = 16 }
pairs = { main = { stronger = "theirs" } }
conditions = [{ name = "nothing", method = "none" }]
blocks = [{ name = "main", paradigm = "agreement", trials = 4 }]
design = { seed = 1, people = 4, stimuli = 4, ratings = "nearest" }
display = { size = 96 }

[networks.theirs]
predictions = "predictions.csv"
"""
PHOTOS = ("cat/a.png", "cat/b.png", "dog/c.png", "dog/d.png")
SIZE = (60, 40)
# Right about a and d
TABLE = """photo,answer,probability
cat/a.png,cat,0.7
cat/a.png,dog,0.2
cat/b.png,dog,0.6
cat/b.png,cat,0.4
dog/c.png,cat,0.8
dog/d.png,dog,0.9
"""


def write_elsewhere(folder: Path, *, table: str = TABLE, study: str = STUDY) -> Path:
    """A study file beside four photos, each wider than high, and a table of what was said."""
    for number, name in enumerate(PHOTOS):
        path = folder / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", SIZE, (60 * number, 20, 200 - 60 * number)).save(path)
    (folder / "text.md").write_text("Text.", encoding="utf-8")
    (folder / "predictions.csv").write_text(table, encoding="utf-8")
    path = folder / "study.toml"
    path.write_text(study, encoding="utf-8")
    return path


# Two conditions that another tool made, beside none
IMPORTED = STUDY.replace(
    'conditions = [{ name = "nothing", method = "none" }]',
    """conditions = [
    { name = "theirs", method = "imported", files = "made/maps.csv" },
    { name = "nothing", method = "none" },
]""",
)
PICTURES = IMPORTED.replace('files = "made/maps.csv"', 'files = "made/maps.csv", kind = "pictures"')
# What the network said of each photo is what is explained, where people are asked whether it is so
EXPLAINED = {"cat/a.png": "cat", "cat/b.png": "dog", "dog/c.png": "cat", "dog/d.png": "dog"}
MAPS = "photo,answer,file\n" + "".join(
    f"{photo},{answer},{photo[-5]}.npy\n" for photo, answer in EXPLAINED.items()
)
# Two pictures of each photo
PAIRS = "photo,answer,file\n" + "".join(
    f"{photo},{answer},{photo[-5]}{part}.png\n"
    for photo, answer in EXPLAINED.items()
    for part in (1, 2)
)


def ramp(number: int, shape: tuple[int, int] = (8, 8)) -> np.ndarray:
    """A map that no other number has, brighter to the right."""
    values = np.linspace(0.1, 1 + number, shape[1], dtype=np.float32)[None].repeat(shape[0], 0)
    values[:, number] = 2 + number
    return values


def write_imported(
    folder: Path, *, manifest: str = MAPS, study: str = IMPORTED, shape: tuple[int, int] = (8, 8)
) -> Path:
    """As `write_elsewhere`, with a map of each photo and a picture with metadata beside it."""
    path = write_elsewhere(folder, study=study)
    made = folder / "made"
    made.mkdir(exist_ok=True)
    for number, name in enumerate("abcd"):
        np.save(made / f"{name}.npy", ramp(number, shape))
        for part in (1, 2):
            told = PngInfo()
            told.add_text("Comment", f"made by secret-method of photo {name}")
            Image.new("RGB", (30 + 10 * part, 50), (40 * number, 99, 60 * part)).save(
                made / f"{name}{part}.png", pnginfo=told
            )
    (made / "maps.csv").write_text(manifest, encoding="utf-8")
    return path


# Words of each photo, one of them with markup, one from right to left
SAID = {
    "cat/a.png": "Its ears are <b>pointed</b> & soft.",
    "cat/b.png": "שלום",
    "dog/c.png": "\"Whiskers, which it sees\non the left.\"",
    "dog/d.png": "A long nose.",
}  # fmt: skip
TEXTS = "photo,answer,text\n" + "".join(
    f"{photo},{answer},{SAID[photo]}\n" for photo, answer in EXPLAINED.items()
)
WORDS = IMPORTED.replace(
    'files = "made/maps.csv"',
    'files = "made/maps.csv", kind = "text", settings = { language = "en" }',
)
# A film of each photo, the first two MP4, the others WebM, all with a title inside
ENDINGS = {"a": "mp4", "b": "mp4", "c": "webm", "d": "webm"}
MOVES = "photo,answer,file\n" + "".join(
    f"{photo},{answer},{photo[-5]}.{ENDINGS[photo[-5]]}\n" for photo, answer in EXPLAINED.items()
)
FILMS = IMPORTED.replace('files = "made/maps.csv"', 'files = "made/maps.csv", kind = "film"')


def write_films(folder: Path, *, manifest: str = MOVES, study: str = FILMS) -> Path:
    """As `write_imported`, with a film of each photo."""
    path = write_imported(folder, manifest=manifest, study=study)
    for number, (name, ending) in enumerate(ENDINGS.items()):
        film = small_film(
            number, ending=ending, size=(60, 40), told=(("title", "made by secret-method"),)
        )
        (folder / "made" / f"{name}.{ending}").write_bytes(film)
    return path
