"""The names that a study file may use, for readers that can't import torch."""

from dataclasses import asdict, fields
from typing import Any, get_type_hints

from explainer.methods import METHODS, Method
from explainer.methods.base import type_name
from explainer.methods.checks import CHECKS
from explainer.networks import BUILDERS, TIMM, options_of, weights_of
from explainer.networks.options import kind_of
from explainer.pictures.colours import STOPS
from explainer.pictures.render import Display

from .metrics import METRICS


def catalogue() -> dict[str, Any]:
    """Methods (controls among them), what their checks say, networks, metrics, colour maps,
    display settings; defaults.

    `families`: networks that are named by a prefix and a name that only their library knows.
    """
    return {
        "methods": {name: _method(method) for name, method in METHODS.items()},
        "checks": {name: asdict(check) for name, check in CHECKS.items()},
        "networks": {name: _network(name) for name in BUILDERS},
        "families": {TIMM: _network(f"{TIMM}NAME")},
        "metrics": {name: {"better": metric.better} for name, metric in METRICS.items()},
        "colour_maps": list(STOPS),
        "display": _display(),
    }


def _method(method: Method) -> dict[str, Any]:
    defaults = method.defaults()
    return {
        "family": method.family,
        "formula": method.formula,
        "paper": method.paper,
        "cost": method.cost,
        "version": method.version,
        "shape": method.shape,
        "signed": method.signed,
        "lines": method.lines or method.shape == "input",
        "needs_relu": method.needs_relu,
        "control": method.control,
        "layer": method.layer,
        "depends_on": sorted(method.depends_on),
        "settings": {
            key: {"type": kind, "default": defaults[key]}
            for key, kind in method.setting_types().items()
        },
    }


def _network(name: str) -> dict[str, Any]:
    options = {
        key: {"type": kind_of(key), "default": default} for key, default in options_of(name).items()
    }
    return {"options": options, "weights": weights_of(name)}


def _display() -> dict[str, Any]:
    hints, default = get_type_hints(Display), Display()
    return {
        field.name: {"type": type_name(hints[field.name]), "default": getattr(default, field.name)}
        for field in fields(Display)
    }
