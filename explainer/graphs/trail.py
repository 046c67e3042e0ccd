"""What happens to a photo on its way to the score: every result of one pass, and which of them are
maps, so that the explained layer is found by what the score depends on.

A layer is not known by its kind. What is looked for is the last map N×K×u×v (or N×u×v×K) that the
score was made of: a decoder's where the score reads a decoder, a branch's where it reads a branch.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from explainer.passes.grids import FIRST_TO_LAST, LAST_TO_FIRST, Grid, Layout, fitting, grid_of
from explainer.passes.layers import SEPARATOR, Hook, hooked, run_named, tensors_in
from explainer.passes.state import passing

from .ancestry import Place, place_of
from .places import MAPPING, Places, of_map, places_after

CHANNELS_LAST = ("linear", "layer_norm", "rms_norm")
LEARNED = (  # calls with weights, wherever these are kept
    *("conv", "linear", "bilinear", "batch_norm", "group_norm", "instance_norm", "layer_norm"),
    *("rms_norm", "multi_head_attention", "scaled_dot_product", "lstm", "gru", "rnn_", "prelu"),
)
RECURRENT = ("lstm", "gru", "rnn_")
COMBINING = frozenset(  # calls that scale, shift or join what is there, be it with weights
    {"add", "sub", "rsub", "mul", "div", "truediv", "pow", "cat", "concat", "stack", "where"}
    | {"radd", "rmul", "iadd", "imul", "lerp", "expand", "getitem"}
)
ADDING = frozenset({"add", "radd", "iadd"})
TURNING = frozenset({"permute", "transpose", "swapaxes", "swapdims", "movedim", "moveaxis"})
MOVING = TURNING | frozenset(  # calls that may make another axis of each
    {
        *("reshape", "reshape_as", "view", "view_as", "flatten", "unflatten", "squeeze", "t"),
        *("unsqueeze", "einsum", "__get__", "as_strided", "rot90"),
    }
)
Call = tuple[Callable[..., Any], Any, Mapping[str, Any]]


@dataclass(eq=False)
class Run:
    """One run of a module: the grids of the map that it was given and of the one it gave."""

    name: str
    entering: Grid | None = None
    leaving: Grid | None = None


@dataclass(eq=False)
class Step:
    """One result of the pass: of a module's run, or of a call on what `parent` is.

    `learned`: whether weights had a part in this call and left places apart (a recurrent call reads
    them one after another); `made`: whether they had in this or one before it.
    `learnt_grid`: the size of the map that weights made last on the way here, so that what was only
    pooled or enlarged since is no map of its own, and tokens laid out as that map again are one.
    `of_photo`: whether the photo had a part in it, and not weights alone.
    `adds`: whether it is the sum of results of its own shape, as where a block is skipped.
    `places`: which place each value stands for; None where that can't be told.
    `runs`: the modules' runs inside which it was made.
    """

    tensor: Tensor
    name: str
    parent: "Step | None"
    is_module: bool
    number: int
    place: Place | None
    layout: Layout | None = None
    learned: bool = False
    made: bool = False
    learnt_grid: Grid | None = None
    of_photo: bool = True
    adds: bool = False
    places: Places | None = None
    runs: tuple[Run, ...] = ()

    @property
    def grid(self) -> Grid | None:
        return grid_of(self.tensor, self.layout) if self.layout else None

    @property
    def is_map(self) -> bool:
        """Whether it is a map of more than one place, as weights have made it."""
        grid = self.grid
        return grid is not None and grid == self.learnt_grid and grid[0] * grid[1] > 1

    @property
    def is_sequence(self) -> bool:
        """Whether weights work on several places that are no map: tokens, frames, volumes."""
        several = sum(length > 1 for length in self.tensor.shape) > 1
        places = self.layout is None and self.tensor.dim() > 2 and several
        return self.learned and places

    @property
    def inside_a_change(self) -> bool:
        """Whether it was made inside a module that gives a map of another size than it got."""
        return any(
            run.entering == self.grid and run.leaving not in (None, self.grid) for run in self.runs
        )


class Trail(TorchFunctionMode):
    """Notes every result of a pass of `image` (1×C×H×W, part of a graph) through a module."""

    def __init__(self, image: Tensor) -> None:
        super().__init__()
        self.images = len(image)
        self.size = (int(image.shape[2]), int(image.shape[3]))
        self.steps: list[Step] = []
        self.known: dict[int, Step] = {}
        self.calls: Counter[str] = Counter()
        self.of_module: dict[str, Step] = {}
        self.of_run: dict[tuple[str, str], Step] = {}
        self.of_call: dict[tuple[int, str], Step] = {}
        self.open: list[Run] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        given = [*tensors_in(args), *tensors_in((kwargs or {}).values())]
        for number, tensor in enumerate(tensors_in((out,))):
            if tensor.is_floating_point():
                own = -1 if tensor is out else number
                self._call((func, args, kwargs or {}), given, tensor, own)
        return out

    def _call(self, call: Call, given: list[Tensor], out: Tensor, own: int) -> None:
        """Note `out`: the `own`-th tensor that the call gave, or (−1) the only one."""
        name, place = getattr(call[0], "__name__", ""), place_of(out)
        if place is None or (id(out) in self.known and self.known[id(out)].place == place):
            return  # not made of the photo; or handed on as it was
        parents = [self.known[id(tensor)] for tensor in given if id(tensor) in self.known]
        step = Step(out, name, parents[0] if parents and own < 0 else None, False, 0, place)
        step.layout = _layout(call, parents, out, self.size)
        weights = name.startswith(LEARNED) or (
            name.strip("_") not in COMBINING and any(isinstance(g, nn.Parameter) for g in given)
        )
        step.learned = weights and not name.startswith(RECURRENT)
        step.made = weights or any(parent.made for parent in parents)
        step.learnt_grid = (weights and step.grid) or _inherited(step, parents)
        step.adds = name.strip("_") in ADDING and all(p.tensor.shape == out.shape for p in parents)
        step.adds &= len(parents) > 1
        step.of_photo = any(self._of_photo(tensor) for tensor in given)
        known = {id(tensor): self._places(tensor) for tensor in given if self._of_photo(tensor)}
        step.places = places_after(call, known, out, max(own, 0), self.next_number)
        self._note(step)
        if own < 0:
            for tensor in tensors_in(call[1]):
                self.of_call[id(tensor), name] = step

    def _of_photo(self, tensor: Tensor) -> bool:
        """Whether the photo had a part in it, as in whatever calls made that can't be seen."""
        step = self.known.get(id(tensor))
        return step.of_photo if step else tensor.grad_fn is not None

    def _places(self, tensor: Tensor) -> Places | None:
        step = self.known.get(id(tensor))
        return step.places if step else None

    @property
    def next_number(self) -> int:
        return len(self.steps) + 1

    def _note(self, step: Step) -> None:
        step.number = step.number or self.next_number
        step.runs = tuple(self.open)
        self.known[id(step.tensor)] = step
        self.steps.append(step)

    def before(self, name: str) -> Callable[[nn.Module, Any, Any], None]:
        def run(module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
            given = tensors_in((*args, *kwargs.values()))
            steps = (self.known.get(id(tensor)) for tensor in given)
            grids = [step.grid for step in steps if step and step.grid and step.made]
            self.open.append(Run(name, grids[0] if grids else None))

        return run

    def after(self, name: str) -> Hook:
        def run(module: nn.Module, args: tuple[Any, ...], out: Any) -> None:
            self.calls[name] += 1
            own = self.open.pop()
            if isinstance(out, Tensor) and out.is_floating_point() and place_of(out):
                step = self._given_by(name, out)
                own.leaving = step.grid
                self.of_module[name] = self.of_run[name, str(self.calls[name] - 1)] = step

        return run

    def _given_by(self, name: str, out: Tensor) -> Step:
        """The same result under the module's name, or one that no call was seen to make."""
        known, place = self.known.get(id(out)), place_of(out)
        step = Step(out, name, known, True, known.number if known else 0, place)
        if known:
            step.layout, step.learned, step.made = known.layout, known.learned, known.made
            step.learnt_grid, step.places = known.learnt_grid, known.places
            step.adds, step.of_photo = known.adds, known.of_photo
        else:  # compiled or scripted: what it does is hidden, weights are to be supposed
            step.layout, step.learned, step.made = _by_grid(out, self.size), True, True
            step.learnt_grid = step.grid
            step.places = of_map(out, step.layout, self.next_number) if step.layout else None
        self._note(step)
        return step

    def address(self, step: Step) -> str | None:
        """The outermost module that gave it; the calls before it if that ran twice; None where
        nothing by which a later pass could find it again has a name."""
        if self._once(step):
            return step.name
        # A shared activation's last run is told more surely by what it ran on.
        ran_on = step.parent.parent if step.parent else None
        shared = ran_on is not None and self._once(ran_on)
        if step.is_module and self.of_module[step.name] is step and not shared:
            return step.name
        if step.parent is None:
            return None
        before = self.address(step.parent)
        if step.is_module or before is None:
            return before
        found = self.of_call.get((id(step.parent.tensor), step.name))
        return f"{before}{SEPARATOR}{step.name}" if found is step else None

    def _once(self, step: Step) -> bool:
        return step.is_module and self.calls[step.name] == 1

    def at(self, address: str) -> Step | None:
        """The step of an address, as a later pass finds it."""
        first, *calls = address.split(SEPARATOR)
        name, run = run_named(first, self.of_module)
        step = self.of_run.get((name, run)) if run.isdecimal() else self.of_module.get(name)
        for call in calls:
            step = self.of_call.get((id(step.tensor), call)) if step else None
        return step


def follow(
    module: nn.Module, image: Tensor, run: Callable[[Tensor], Any] | None = None
) -> tuple[Trail, Any, Place]:
    """One pass of `image` with a graph: its trail, what the network gave, and the photo's place.

    `run` runs the module on images, where calling it with them alone is not enough.
    """
    with torch.enable_grad():
        seen = image.detach().requires_grad_().clone()
        origin = place_of(seen)
        assert origin is not None
        trail = Trail(seen)
        named = {name: child for name, child in module.named_modules() if name}
        with passing(module), hooked(named, trail.after, before=trail.before), trail:
            outputs = (run or module)(seen)
    return trail, outputs, origin


def _layout(call: Call, parents: Sequence[Step], out: Tensor, size: Grid) -> Layout | None:
    name = getattr(call[0], "__name__", "")
    if out.dim() != 4:
        return None
    if name.startswith(MAPPING):
        return "first"
    if name in TURNING and parents and parents[0].layout:
        return _turned(call, parents[0].layout)
    for parent in parents:
        if parent.layout and name not in MOVING and grid_of(out, parent.layout) == parent.grid:
            return parent.layout
    fits = fitting(out, size)
    if name.startswith(CHANNELS_LAST):
        return "last" if "last" in fits else None
    return fits[0] if len(fits) == 1 else None


def _turned(call: Call, layout: Layout) -> Layout | None:
    """The layout after a call that only brings axes into another order, as a small tensor shows."""
    func, args, named = call
    sides = (2, 3, 5, 7)
    found = func(torch.empty(sides), *args[1:], **named).shape
    order = tuple(sides.index(side) for side in found)
    if order == (0, 1, 2, 3):
        return layout
    if layout == "last" and order == LAST_TO_FIRST:
        return "first"
    return "last" if layout == "first" and order == FIRST_TO_LAST else None


def _by_grid(out: Tensor, size: Grid) -> Layout | None:
    fits = fitting(out, size) if out.dim() == 4 else ()
    return fits[0] if len(fits) == 1 else None


def _inherited(step: Step, parents: Sequence[Step]) -> Grid | None:
    """The size of the map that weights made last, whatever form it was brought into since."""
    if "pool" in step.name:
        return None
    grids = [parent.learnt_grid for parent in parents if parent.learnt_grid]
    return step.grid if step.grid in grids else next(iter(grids), None)
