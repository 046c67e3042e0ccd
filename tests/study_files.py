"""Study files that say what `make_definition` says, in folders of tests."""

from pathlib import Path
from typing import Any

import tomlkit

from sandbox.builders import make_definition


def write_study(folder: Path, **sections: Any) -> Path:
    """The file, with its texts beside it."""
    raw = make_definition(**sections).model_dump(
        mode="json", exclude_defaults=True, exclude_unset=True
    )
    (folder / "study.toml").write_text(tomlkit.dumps(raw))
    for text in raw["texts"].values():
        (folder / text).write_text("words")
    return folder / "study.toml"
