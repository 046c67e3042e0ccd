"""The names a definition may use; written by the explainer, which the site can't import."""

import json
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("catalogue.json")


@cache
def catalogue() -> dict[str, Any]:
    """What `python -m explainer catalogue` wrote: methods, networks, metrics, colour maps."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found
