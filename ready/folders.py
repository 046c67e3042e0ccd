"""Where everything that is made lies."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def var() -> Path:
    """The one folder that everything is written to."""
    return Path(os.environ.get("DISCERN_VAR", str(ROOT / "var"))).absolute()


def originals() -> Path:
    """Where the cut-outs lie that photos are composed of."""
    return var() / "demo" / "originals"
