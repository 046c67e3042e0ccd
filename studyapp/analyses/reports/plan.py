"""The networks and conditions of a study file, a line each."""

from collections.abc import Iterator
from pathlib import PurePath

from studyapp.models import Kind
from studyapp.paradigms.tabulation import Facts


def network_lines(definition: Facts) -> Iterator[str]:
    """Everything that distinguishes a network from another with the same builder."""
    for name, one in sorted(definition["networks"].items()):
        told = [*_source(one), *_settings(one["options"])]
        layer = [f"layer {one['layer']}"] if one.get("layer") else []
        grid = [f"grid {one['grid']}"] if one.get("grid") else []
        form = [f"probabilities {one['probabilities']}"] if one.get("probabilities") else []
        target = [f"classes explained in their {one['target']}"] if one.get("target") else []
        yield f"{name}: {', '.join([*told, *layer, *grid, *form, *target])}"


def _source(network: Facts) -> list[str]:
    """Where its answers come from: files by their names alone."""
    if table := network.get("predictions"):
        return [f"predictions {_name(table)}, no network loaded"]
    return [network["builder"], f"weights {_name(network['weights'])}"]


def _name(path: str) -> str:
    return PurePath(path.replace("\\", "/")).name


def condition_lines(definition: Facts) -> Iterator[str]:
    """A condition's method with its settings, and the networks that it is about."""
    pairs = definition["pairs"]
    for one in definition["conditions"]:
        pair = one.get("pair") or next(iter(pairs), None)
        told = [f"method {one['method']}", *_made(one), *_settings(one["settings"])]
        if one.get("versus"):
            told.append(f"against {one['versus']}")
        if pair in pairs:
            told.append(f"pair {pair} ({_pair(pairs[pair])})")
        yield f"{one['name']}: {', '.join(told)}"


def _made(condition: Facts) -> list[str]:
    """What another tool made: the table by its name alone."""
    if not condition.get("files"):
        return []
    return [f"{Kind(condition.get('kind') or Kind.MAP).noun} from {_name(condition['files'])}"]


def _pair(pair: Facts) -> str:
    weaker = f", weaker {pair['weaker']}" if pair.get("weaker") else ""
    return f"stronger {pair['stronger']}{weaker}"


def _settings(settings: Facts) -> list[str]:
    return [f"{name} = {value}" for name, value in sorted(settings.items())]
