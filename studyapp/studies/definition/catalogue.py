"""The names a definition may use; written by the explainer, which the site can't import."""

import json
import re
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from django.conf import settings

FILE = Path(__file__).with_name("catalogue.json")
FACTORIES = "discern.networks"  # the group of entry points
FACTORY = r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*"
FACTORY_WEIGHTS = ["package"]
NAME_IN_FAMILY = r"[A-Za-z0-9_.\-]+"


@cache
def catalogue() -> dict[str, Any]:
    """What `python -m explainer catalogue` wrote: methods, networks, metrics, colour maps."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def factories() -> list[str]:
    """The functions that may make networks: those that the operator and installed packages name."""
    declared = (f"{one.module}:{one.attr}" for one in entry_points(group=FACTORIES))
    return sorted({*settings.NETWORK_FACTORIES, *declared})


def is_factory(builder: str) -> bool:
    """Whether it has the form of a factory's name, `package.module:function`."""
    prefixes = tuple(catalogue()["families"])
    return not builder.startswith(prefixes) and re.fullmatch(FACTORY, builder) is not None


def network_named(builder: str) -> dict[str, Any] | None:
    """Options and weights of a network; None of an unknown one, or a factory that isn't allowed.

    Of a family's (“timm:resnet50”) only its library knows which there are: the workers tell. The
    options of a factory are None: only its function knows them.
    """
    if builder in factories():
        return {"options": None, "weights": FACTORY_WEIGHTS}
    families = catalogue()["families"].items()
    of_family = (one for prefix, one in families if re.fullmatch(prefix + NAME_IN_FAMILY, builder))
    found: dict[str, Any] | None = catalogue()["networks"].get(builder) or next(of_family, None)
    return found
