"""The networks and conditions of a study file, a line each."""

from collections.abc import Iterator
from pathlib import PurePath

from studyapp.paradigms.tabulation import Facts


def network_lines(definition: Facts) -> Iterator[str]:
    """Everything that distinguishes a network from another with the same builder."""
    for name, one in sorted(definition["networks"].items()):
        weights = PurePath(one["weights"].replace("\\", "/")).name
        told = [one["builder"], f"weights {weights}", *_settings(one["options"])]
        layer = [f"layer {one['layer']}"] if one.get("layer") else []
        grid = [f"grid {one['grid']}"] if one.get("grid") else []
        form = [f"probabilities {one['probabilities']}"] if one.get("probabilities") else []
        yield f"{name}: {', '.join([*told, *layer, *grid, *form])}"


def condition_lines(definition: Facts) -> Iterator[str]:
    """A condition's method with its settings, and the networks that it is about."""
    pairs = definition["pairs"]
    for one in definition["conditions"]:
        pair = one.get("pair") or next(iter(pairs), None)
        told = [f"method {one['method']}", *_settings(one["settings"])]
        if one.get("versus"):
            told.append(f"against {one['versus']}")
        if pair in pairs:
            told.append(f"pair {pair} ({_pair(pairs[pair])})")
        yield f"{one['name']}: {', '.join(told)}"


def _pair(pair: Facts) -> str:
    weaker = f", weaker {pair['weaker']}" if pair.get("weaker") else ""
    return f"stronger {pair['stronger']}{weaker}"


def _settings(settings: Facts) -> list[str]:
    return [f"{name} = {value}" for name, value in sorted(settings.items())]
