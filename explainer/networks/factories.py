"""Networks that functions of other packages make: `package.module:function`, allowed by name.

A study file comes from whoever may upload one, and importing a module runs it. So whoever runs the
process says which functions it may call, and nothing else is imported.
"""

import importlib
import inspect
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from explainer.errors import ExplainerError

from .containment import contained, drawing
from .digests import digest_of_state
from .functions import told
from .network import Network
from .weights import checked_bytes

VARIABLE = "NETWORK_FACTORIES"
GROUP = "discern.networks"
PACKAGE = "package"
OPTIONS: dict[str, Any] = {}
_PATTERN = re.compile(r"(?!timm:)[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def weight_names(name: str) -> list[str]:
    """What `weights` may be beside a file: a factory may bring its own."""
    return [PACKAGE]


def allowed() -> list[str]:
    """The factories that the environment variable and installed packages' entry points name."""
    named = (part.strip() for part in os.environ.get(VARIABLE, "").split(","))
    declared = (f"{one.module}:{one.attr}" for one in entry_points(group=GROUP))
    return sorted({*filter(None, named), *declared})


def is_factory(name: str) -> bool:
    """Whether it has the form of a factory's name."""
    return _PATTERN.fullmatch(name) is not None


def refuse_not_allowed(name: str) -> None:
    """ExplainerError for a factory that may not be called here; nothing of it is imported."""
    known = allowed()
    if name not in known:
        near = get_close_matches(name, known, n=1)
        raise ExplainerError(
            f"the factory {name} is not allowed here",
            (f"write {near[0]} if you mean that one, or " if near else "")
            + f"let whoever runs this add it to the environment variable {VARIABLE}",
        )


def build(
    name: str,
    *,
    weights: str | None,
    sha256: str | None,
    seed: int | None,
    labels: tuple[str, ...],
    **options: Any,
) -> Network:
    """The Network that the function returns for `options`, in evaluation mode.

    It is given `weights=` (a path) where a file is named, whose digest was checked before. It is
    called twice, and has to make the same network both times: photos of one study are explained by
    many processes, each with its own. The digest of the weights is that of the module's state.
    """
    refuse_not_allowed(name)
    function, given = _imported(name), dict(options)
    if seed is not None:
        given["seed"] = seed
    if weights in (None, PACKAGE) and sha256 is not None:
        raise ExplainerError(f"{name} names no file to check", "leave sha256 out, or name the file")
    if weights not in (None, PACKAGE):
        path = given["weights"] = Path(str(weights))
        if not path.is_file():
            raise ExplainerError(f"no weights at {path}", f"give the path of a file, or {PACKAGE}")
        checked_bytes(path, sha256)
    with drawing():
        network, again = (_called(name, function, given) for _ in range(2))
    _refuse_shared(name, network, again)
    differing = _differing(network, again)
    if differing:
        raise ExplainerError(
            f"{name} makes another network at each call: {', '.join(differing)} differ",
            "load all of its weights from a file, or seed what is drawn",
        )
    digest = digest_of_state(network.module)
    return replace(network, labels=labels or network.labels, name=name, weights_digest=digest)


def _imported(name: str) -> Callable[..., Any]:
    module, _, attribute = name.partition(":")
    try:
        with drawing(), contained():
            function = getattr(importlib.import_module(module), attribute)
    except (Exception, SystemExit) as error:  # the module's own code runs here
        raise ExplainerError(
            f"the factory {name} can't be imported ({type(error).__name__}: {error})",
            "install its package for every process that runs networks, and check the name",
        ) from error
    if not callable(function) or inspect.iscoroutinefunction(function):
        kind = "coroutine function" if callable(function) else type(function).__name__
        raise ExplainerError(f"{name} is a {kind}", "name a function that returns a Network")
    called: Callable[..., Any] = function
    return called


def _called(name: str, function: Callable[..., Any], given: Mapping[str, Any]) -> Network:
    try:
        with contained():
            network = function(**given)
    except (Exception, SystemExit) as error:  # whatever it raises, it is told with its name
        asked = ", ".join(f"{key}={value!r}" for key, value in given.items())
        raise ExplainerError(
            f"{name}({asked}) raises {type(error).__name__}: {_in_one_line(error)}",
            "call it like that in Python, where the workers run, and fix what it says",
        ) from error
    if not isinstance(network, Network):
        raise ExplainerError(
            f"{name} returns {type(network).__name__}, not an explainer.Network",
            "return Network(module, labels=…, preprocess=…)",
        )
    network.module.eval()
    return network


def _in_one_line(error: BaseException) -> str:
    """PyTorch's lists of keys come in several lines with a full stop."""
    return " ".join(str(error).split()).rstrip(" .")


def _refuse_shared(name: str, one: Network, other: Network) -> None:
    """What was made once for both calls can't show whether another process makes the same."""
    kept = [{id(weights) for weights in network.module.parameters()} for network in (one, other)]
    if one.module is other.module or kept[0] & kept[1]:
        raise ExplainerError(
            f"{name} returns the same module, or shares weights, in both calls",
            "make the whole module inside the function, anew in each call",
        )


def _differing(one: Network, other: Network) -> list[str]:
    return [key for key, value in _said(one).items() if value != _said(other)[key]]


def _said(network: Network) -> dict[str, Any]:
    """What decides an explanation, as far as it can be compared."""
    return {
        "weights": digest_of_state(network.module),
        "labels": tuple(network.labels),
        "preprocessing": network.preprocess.digest() if network.preprocess else "",
        "layer": network.layer,
        "grid": network.grid,
        "input": (network.frames, network.places),
        "probabilities": network.probabilities,
        "call": network.call and told(network.call),
        "scores": told(network.scores),
    }
