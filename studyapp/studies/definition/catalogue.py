"""The names a definition may use; written by the explainer, which the site can't import."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("catalogue.json")
NAME_IN_FAMILY = r"[A-Za-z0-9_.\-]+"


@cache
def catalogue() -> dict[str, Any]:
    """What `python -m explainer catalogue` wrote: methods, networks, metrics, colour maps."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def network_named(builder: str) -> dict[str, Any] | None:
    """Options and weights of a network; None of an unknown one.

    Of a family's (“timm:resnet50”) only its library knows which there are: the workers tell.
    """
    families = catalogue()["families"].items()
    of_family = (one for prefix, one in families if re.fullmatch(prefix + NAME_IN_FAMILY, builder))
    found: dict[str, Any] | None = catalogue()["networks"].get(builder) or next(of_family, None)
    return found
