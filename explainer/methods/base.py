"""What a method is: what it says of itself, what it needs of the graph, and how it computes."""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

import torch
from torch import Tensor

from explainer.errors import ExplainerError, did_you_mean
from explainer.graphs.capture import Graph
from explainer.graphs.edits import Edit
from explainer.graphs.rectifiers import Rule
from explainer.networks.channels_last import laid_out
from explainer.networks.network import Network, in_float32
from explainer.passes.footprint import BUDGET, Footprint
from explainer.passes.state import passing
from explainer.passes.targets import Targets, Wanted, checked_scores

Made = TypeVar("Made")
Shape = Literal["layer", "image", "input"]
Family = Literal["cam", "pixels", "attention", "perturbation", "control"]
Takes = Literal["none", "map", "maps"]
Influence = Literal["network", "class", "photo"]


@dataclass(frozen=True)
class NoSettings:
    """The method has nothing to set."""


# Of a setting that its method has not always had: `field(default=…, metadata=LATER)`. At its
# default it has no part in digests, so that what was made before it came is known as before.
LATER = {"later": True}


def digested(record: Any) -> dict[str, Any]:
    """What of a settings record decides digests."""
    return {
        one.name: getattr(record, one.name)
        for one in fields(record)
        if not (one.metadata == LATER and getattr(record, one.name) == one.default)
    }


@dataclass(frozen=True)
class CamSettings:
    """`layers`: addresses of layers whose maps are joined; or the last maps of the last `stages`
    sizes. Where neither is said, the explained layer's map.
    """

    layers: tuple[str, ...] = field(default=(), metadata=LATER)
    stages: int = field(default=0, metadata=LATER)

    def __post_init__(self) -> None:
        if self.stages < 0:
            raise ExplainerError(f"stages = {self.stages}", "use 1 or more, or 0 for one layer")
        if self.stages and self.layers:
            raise ExplainerError(
                f"layers are named, and stages = {self.stages} too", "give one of the two"
            )


@dataclass(frozen=True)
class SignedCamSettings(CamSettings):
    """Those of a CAM; `signed`: without its last ReLU, so that it shows evidence against too."""

    signed: bool = field(default=False, metadata=LATER)

    def rectified(self, map: Tensor) -> Tensor:
        """The map after its last ReLU, if it has one."""
        return map if self.signed else torch.relu(map)


def names_layers(settings: Any) -> bool:
    """Whether the settings of a method of one layer name several."""
    return isinstance(settings, CamSettings) and bool(settings.layers or settings.stages)


def full_precision(values: Tensor) -> Tensor:
    """Half-precision values, as autocast gives them, as float32; others as they are."""
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values


@dataclass(frozen=True)
class Chunk:
    """Some of the count × N variants of the images: row p is variant `variants[p]` of `places[p]`.

    Both are P indices on the images' device.
    """

    variants: Tensor
    places: Tensor


@dataclass(frozen=True)
class Layers:
    """The addresses of the maps that methods need: of the explained layer ("" where none is), and
    by method of those that it needs beside it."""

    own: str
    more: Mapping[str, tuple[str, ...]]

    def of(self, method: str) -> tuple[str, ...]:
        """The addresses whose maps the method looks at."""
        return self.more.get(method) or (self.own,)

    def all(self) -> list[str]:
        more = (name for names in self.more.values() for name in names)
        return list(dict.fromkeys([*([self.own] if self.own else []), *more]))


class Work:
    """One call of `explain`: the shared graph, and everything made of it computed once.

    `layer`: the one that is looked at (see `at`). `memory`: bytes that the further passes of a
    method may take at a time.
    """

    def __init__(
        self,
        network: Network,
        graph: Graph,
        targets: Targets,
        layers: Layers,
        *,
        memory: int = BUDGET,
    ) -> None:
        self.network, self.graph, self.targets, self.layers = network, graph, targets, layers
        self.layer, self.memory = layers.own, memory
        self._once: dict[Any, Any] = {}
        self._everywhere: dict[Any, Any] = {}

    def at(self, layer: str) -> "Work":
        """The same work, looking at another layer of the graph."""

        def make() -> Work:
            other = copy.copy(self)
            other.layer, other._once = layer, {}
            return other

        return self.everywhere(("at", layer), make)

    @property
    def images(self) -> Tensor:
        return self.graph.images.detach()

    @property
    def inputs(self) -> Tensor:
        """The images as further passes take them: float32 where they are of half precision."""
        return full_precision(self.images)

    @property
    def precise(self) -> Network:
        """What further passes run: half precision would lose their differences and sums."""
        return self.everywhere("precise network", lambda: in_float32(self.network))

    def once(self, key: Any, make: Callable[[], Made]) -> Made:
        """What `make` gives, made at the first time of asking at this layer only."""
        return _kept(self._once, key, make)

    def everywhere(self, key: Any, make: Callable[[], Made]) -> Made:
        """The same of what is alike whichever layer is looked at."""
        return _kept(self._everywhere, key, make)

    def activations(self, layer: str = "") -> Tensor:
        """A: N×K×u×v, the map of `layer`, the explained one by default."""
        return full_precision(self.graph.maps[layer or self.layer].detach())

    def layer_gradient(self, k: int, layer: str = "") -> Tensor:
        """g = ∂y/∂A: N×K×u×v, for the k-th target; one walk back finds it for all layers."""
        maps = self.graph.maps
        found = self.everywhere(("layers", k), lambda: self._gradients(maps, "gradient", k))
        return found[layer or self.layer]

    def pixel_gradient(self, rule: Rule, k: int, within: tuple[str, ...] = ()) -> Tensor:
        """∂y/∂x: N×C×H×W, the ReLUs following `rule`: all, or those within some addresses."""
        wanted, key = {"x": self.graph.images}, ("pixels", rule, within, k)
        return self.everywhere(key, lambda: self._gradients(wanted, rule, k, within))["x"]

    def _gradients(
        self, wanted: Mapping[str, Tensor], rule: Rule, k: int, within: tuple[str, ...] = ()
    ) -> dict[str, Tensor]:
        with torch.enable_grad():
            scores = self.everywhere(("scores", k), lambda: self.scores(k))
        found = self.graph.gradients(scores, list(wanted.values()), rule, within)
        return dict(zip(wanted, map(full_precision, found), strict=True))

    def scores(self, k: int) -> Tensor:
        """The N scores of the k-th target, in the shared graph."""
        return checked_scores(self.targets.scores(self.graph.outputs, k), len(self.images))

    def chunks(self, count: int, *, graph: bool = False) -> Iterator[Chunk]:
        """All variants 0…count−1 of all images, cut so that a pass fits into the budget.

        With `graph` the pass is kept for walking back. A callable target meets whole batches.
        """
        batch = len(self.images)
        most = self._footprint.images_within(self.memory, graph=graph)
        every = torch.arange(count * batch, device=self.images.device)
        if self.targets.score is None:  # even parts: a single image left over would take long
            parts = every.tensor_split(-(-len(every) // most))
        else:
            whole = max(1, most // batch) if isinstance(self.graph.outputs, Tensor) else 1
            parts = torch.split(every, whole * batch)
        for rows in parts:
            yield Chunk(rows // batch, rows % batch)

    @property
    def _footprint(self) -> Footprint:
        return self.precise.footprint(self.inputs, self.targets.score)

    def precise_layer(self, k: int) -> tuple[Tensor, Tensor]:
        """A and g at the explained layer, of a pass in float32 whatever the network's type."""
        if self.precise is self.network:
            return self.activations(), self.layer_gradient(k)
        return self.once("precise", lambda: list(self.walks_of(self.inputs, self._places)))[k]

    def precise_scores(self) -> Tensor:
        """N×K: the scores of the images themselves, in float32 whatever the network's type."""
        if self.precise is self.network:
            return torch.stack([self.scores(k).float() for k in range(self.targets.count)], 1)
        return self.scores_of(self.inputs, self._places)

    @property
    def _places(self) -> Tensor:
        return torch.arange(len(self.images), device=self.images.device)

    def scores_of(self, inputs: Tensor, places: Tensor, *, probable: bool = False) -> Tensor:
        """P×K float32: the scores (or softmax probabilities) of P further inputs, without a graph.

        Row p of `inputs` (P×C×H×W) stands for image `places[p]`.
        """
        asked = self.precise.of(places)
        inputs = laid_out(asked, inputs, graph=False)
        with passing(asked.module):
            outputs = asked.run(inputs)
        rows = self.targets.rows(places, len(self.images))
        read = rows.probabilities if probable else rows.scores
        return torch.stack([read(outputs, k).float() for k in range(rows.count)], 1)

    def walks_of(
        self, inputs: Tensor, places: Tensor, *, pixels: bool = False
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """For each target: A and ∂y/∂A of further inputs, or these and ∂y/∂x with `pixels`."""
        addresses = [] if pixels else [self.layer]
        asked = self.precise.of(places)
        inputs = laid_out(asked, inputs, graph=True)
        graph = asked.graph(inputs, addresses, self.targets.score, pixels=pixels)
        wanted = graph.images if pixels else graph.maps[self.layer]
        rows = self.targets.rows(places, len(self.images))
        for k in range(rows.count):
            with torch.enable_grad():
                scores = rows.scores(graph.outputs, k)
            last = k == rows.count - 1
            (gradient,) = graph.gradients(scores, [wanted], "gradient", last=last)
            yield full_precision(wanted.detach()), full_precision(gradient)

    def scores_with(self, places: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
        """P×K float32: the scores of images `places` whose P×K×u×v maps at the explained layer are
        changed by `change` on their way, without a graph."""
        asked = self.precise.of(places)
        edit = Edit(self.graph.met[self.layer], change)
        graph = Graph(asked.module, self.inputs[places], [self.layer], run=asked.run,
                      layouts=self.graph.layouts, edits={self.layer: edit})  # fmt: skip
        rows = self.targets.rows(places, len(self.images))
        return torch.stack([rows.scores(graph.outputs, k).float() for k in range(rows.count)], 1)


def _kept(room: dict[Any, Any], key: Any, make: Callable[[], Made]) -> Made:
    if key not in room:
        room[key] = make()
    return cast(Made, room[key])


Compute = Callable[[Work, Any, int], Tensor]
NeededLayers = Callable[[Network, Tensor, Wanted, Any], tuple[str, ...]]
Checks = Callable[[Work, Any, int], dict[str, Tensor]]
Refuse = Callable[[Mapping[str, Tensor], str], None]


@dataclass(frozen=True)
class Method:
    """One way to explain. `compute(work, settings, k)` gives the raw maps of the k-th target.

    `shape`: maps are N×u×v at the layer's size ("layer"), N×H×W ("image") or N×C×H×W ("input").
    `layers(network, images, targets, settings)`: addresses of maps it needs beside the explained
    layer's. `checks(work, settings, k)`: by name, N numbers on how far the maps can be trusted,
    each name with its line in `checks.CHECKS`;
    `refuse(checks, layer)`: ExplainerError where by them the maps mean nothing, asked once they are
    in the host's memory, so that nothing waits for a card.
    `layer`: it looks at no layer, at the map N×K×u×v of the explained one (or at those of several
    layers, which `settings` of the kind of CamSettings name: see `joining`), or at several maps.
    `depends_on`: what else gives another map, with settings as studies use them: a network of
    other weights, another class asked about, another photo. What fits which kind of question
    follows from it.
    `lines`: the map shows lines as thin as a pixel though it is of the shape "image", so that its
    picture must not be compressed with losses; maps of the shape "input" always do.
    `attention`: it reads a transformer's attention, in a pass of its own (see `graphs.attention`).
    `whole_batch`: an image's map depends on the other images of its batch.
    `may_refuse`: some networks have calls that it does not cover, so that studies try it first.
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
    layer: Takes = "map"
    depends_on: frozenset[Influence] = frozenset({"network", "class", "photo"})
    needs_pixels: bool = False
    lines: bool = False
    attention: bool = False
    whole_batch: bool = False
    may_refuse: bool = False
    layers: NeededLayers | None = None
    checks: Checks | None = None
    refuse: Refuse | None = None
    settings: type = NoSettings

    @property
    def control(self) -> bool:
        return self.family == "control"

    @property
    def may_fail(self) -> bool:
        """Whether it does not cover every network, so that it is tried before anything is made."""
        return self.needs_relu or self.attention or self.may_refuse or self.refuse is not None

    def looks_at(self, settings: Any) -> Takes:
        """`layer`, with these settings: several maps where they name any."""
        named = self.layer == "map" and names_layers(settings)
        return "maps" if named else self.layer

    def is_signed(self, settings: Any) -> bool:
        """Whether maps with these settings keep both signs."""
        return self.signed or bool(getattr(settings, "signed", False))

    def defaults(self) -> dict[str, Any]:
        """Each setting's default."""
        return asdict(self.at_defaults)

    @cached_property
    def at_defaults(self) -> Any:
        """The settings record if nothing is set: always this same object."""
        return self.settings()

    def with_settings(self, given: dict[str, Any]) -> Any:
        """The settings record, with the given values in place of the defaults."""
        if not given:
            return self.at_defaults
        known = get_type_hints(self.settings)
        for key, value in given.items():
            if key not in known:
                fix = did_you_mean(key, known) if known else "it has no settings"
                raise ExplainerError(f'{self.name} has no setting "{key}"', fix)
            if not fits(value, known[key]):
                wanted = type_name(known[key])
                raise ExplainerError(f"{self.name}.{key} = {value!r}", f"it must be {wanted}")
        lists = {key: tuple(v) if isinstance(v, list) else v for key, v in given.items()}
        return replace(self.at_defaults, **lists)

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
