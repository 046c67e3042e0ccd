"""What a method is: what it says of itself, what it needs of the graph, and how it computes."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

import torch
from torch import Tensor

from explainer.capture import Graph
from explainer.errors import ExplainerError, did_you_mean
from explainer.networks.network import Network
from explainer.rectifiers import Rule
from explainer.targets import Targets

Shape = Literal["layer", "image", "input"]
Family = Literal["cam", "pixels", "perturbation", "control"]


@dataclass(frozen=True)
class NoSettings:
    """The method has nothing to set."""


def full_precision(values: Tensor) -> Tensor:
    """Half-precision values, as autocast gives them, as float32; others as they are."""
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values


class Work:
    """One call of `explain`: the shared graph, and each gradient of it computed once."""

    def __init__(self, network: Network, graph: Graph, targets: Targets, layer: str) -> None:
        self.network, self.graph, self.targets, self.layer = network, graph, targets, layer
        self._gradients: dict[tuple[str, int], Tensor] = {}

    @property
    def images(self) -> Tensor:
        return self.graph.images.detach()

    def activations(self) -> Tensor:
        """A: N×K×u×v, the layer's map."""
        return full_precision(self.graph.maps[self.layer].detach())

    def layer_gradient(self, k: int) -> Tensor:
        """g = ∂y/∂A: N×K×u×v, for the k-th target."""
        return self._gradient("layer", "gradient", k)

    def pixel_gradient(self, rule: Rule, k: int) -> Tensor:
        """∂y/∂x: N×C×H×W, the ReLUs following `rule`."""
        return self._gradient("input", rule, k)

    def _gradient(self, place: str, rule: Rule, k: int) -> Tensor:
        key = (f"{place}:{rule}", k)
        if key not in self._gradients:
            wanted = self.graph.images if place == "input" else self.graph.maps[self.layer]
            with torch.enable_grad():
                scores = self.targets.scores(self.graph.outputs, k)
            (gradient,) = self.graph.gradients(scores, [wanted], rule)
            self._gradients[key] = full_precision(gradient)
        return self._gradients[key]


Compute = Callable[[Work, Any, int], Tensor]


@dataclass(frozen=True)
class Method:
    """One way to explain. `compute(work, settings, k)` gives the raw maps of the k-th target.

    `shape`: maps are N×u×v at the layer's size ("layer"), N×H×W ("image") or N×C×H×W ("input").
    `version` changes whenever the values of the same settings would.
    """

    name: str
    family: Family
    formula: str
    paper: str
    cost: str
    compute: Compute
    version: str = "1"
    shape: Shape = "layer"
    signed: bool = False
    needs_relu: bool = False
    needs_layer: bool = True
    needs_pixels: bool = False
    settings: type = NoSettings

    @property
    def control(self) -> bool:
        return self.family == "control"

    def defaults(self) -> dict[str, Any]:
        """Each setting's default."""
        return asdict(self.settings())

    def with_settings(self, given: dict[str, Any]) -> Any:
        """The settings record, with the given values in place of the defaults."""
        known = get_type_hints(self.settings)
        for key, value in given.items():
            if key not in known:
                mend = did_you_mean(key, known) if known else "it has no settings"
                raise ExplainerError(f'{self.name} has no setting "{key}"', mend)
            if not fits(value, known[key]):
                wanted = getattr(known[key], "__name__", str(known[key]))
                raise ExplainerError(f"{self.name}.{key} = {value!r}", f"it must be {wanted}")
        lists = {key: tuple(v) if isinstance(v, list) else v for key, v in given.items()}
        return replace(self.settings(), **lists)

    def setting_types(self) -> dict[str, str]:
        """Each setting's type, as one word."""
        hints = get_type_hints(self.settings)
        return {field.name: type_name(hints[field.name]) for field in fields(self.settings)}


def fits(value: Any, hint: Any) -> bool:
    """Whether `value`, as a TOML or JSON file gives it, is of the type `hint`."""
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) is tuple:
        return isinstance(value, (list, tuple)) and all(
            fits(entry, get_args(hint)[0]) for entry in value
        )
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, hint) and not (isinstance(value, bool) and hint is not bool)


def type_name(hint: Any) -> str:
    """A type as one word or list of choices: `int`, `list[str]`, `"a" | "b"`."""
    if get_origin(hint) is Literal:
        return " | ".join(f'"{choice}"' for choice in get_args(hint))
    if get_origin(hint) is tuple:
        return f"list[{get_args(hint)[0].__name__}]"
    name: str = getattr(hint, "__name__", str(hint))
    return name
