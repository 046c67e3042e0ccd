"""One forward pass, kept so that it can be walked backwards several times under different rules."""

from collections.abc import Callable, Collection, Container, Mapping, Sequence
from contextlib import nullcontext
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from explainer.errors import ExplainerError
from explainer.passes.devices import walkable
from explainer.passes.given import own_copy
from explainer.passes.grids import (
    Arrangement,
    Folded,
    Tokens,
    as_laid_out,
    channels_first,
    fitting,
    shape_shown,
)
from explainer.passes.layers import RUN, SEPARATOR, Hook, hooked, run_named, tensors_in
from explainer.passes.modules import Names, kept_by
from explainer.passes.state import passing, told
from explainer.passes.strides import PlainStrides

from .ancestry import Place, ancestors, place_of
from .attention import refuse_hidden_calls, replayed
from .blocks import Blocks
from .choices import Choices
from .edits import Edit
from .parts import Parts
from .proof import Inside, Proof
from .rectifiers import Rule, Walk, rectified
from .spellings import Spellings

Run = Callable[[Tensor], Any]


class UnclearLayoutError(Exception):
    """The map at `address` has not the proportions of N×K×u×v, or is a sequence of tokens."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


class _Watch:
    """Waits for the tensor of one address, keeps it, and hands a copy downstream.

    `runs`: how often its module ran; `run`: which of these is meant, where one is named.
    `layout`: that of the tensor where its proportions do not tell it. `copies`: where the graph
    goes on from each of the times that the address was met. With an `edit` something else is
    handed downstream, and no graph is made. `begin` hears of each map from which one is.
    """

    def __init__(
        self,
        address: str,
        names: Container[str],
        images: Tensor,
        layout: Arrangement | None,
        edit: Edit | None,
        *,
        begin: Callable[[], None],
    ) -> None:
        self.address, self.layout, self.edit, self.met = address, layout, edit, 0
        self.begin = begin
        self.images, self.size = len(images), (int(images.shape[2]), int(images.shape[3]))
        first, *self.calls = address.split(SEPARATOR)
        self.module, self.run = run_named(first, names)
        self.runs = 0
        self.reached: list[Tensor | None] = [None] * len(self.calls)
        self.map: Tensor | None = None
        self.copies: list[Place] = []

    def hook(self, module: nn.Module, args: tuple[Any, ...], out: Any) -> Any:
        self.runs += 1
        if self.run.isdecimal() and self.runs != int(self.run) + 1:
            return None
        if not self.calls:
            return self.keep(out)
        self.reached[0] = out
        return None

    def after(self, name: str, args: Any, out: Any) -> Any:
        """What the call `name` on `args` hands on: `out`, or a copy of it where it is the map."""
        for place, call in enumerate(self.calls):
            if call == name and any(arg is self.reached[place] for arg in tensors_in(args)):
                if place + 1 == len(self.calls):
                    return self.keep(out)
                self.reached[place + 1] = out
        return out

    @property
    def named_runs(self) -> str:
        """How its runs are named, where there are several to choose from."""
        if self.runs < 2:
            return ""
        runs = (SEPARATOR.join([f"{self.module}{RUN}{run}", *self.calls]) for run in (0, 1))
        first, second = (f'layer="{run}"' for run in runs)
        return f"name one of its runs ({first}, {second}" + "…" * (self.runs > 2) + "), or "

    def keep(self, out: Any) -> Tensor:
        """Keep the map as it is now: an in-place call that follows changes only the copy."""
        layout = self._layout(out)
        self.met += 1
        if self.edit is not None:
            return self._edited(out, layout, self.edit)
        torch.set_grad_enabled(True)  # nothing before the first map needs a graph of its own
        self.begin()
        kept = out if out.requires_grad else out.detach().requires_grad_()
        self.map = channels_first(kept, layout)
        copy = as_laid_out(self.map, layout, kept).clone()
        self.copies += [place for place in (place_of(copy),) if place]
        return copy

    def _edited(self, out: Tensor, layout: Arrangement, edit: Edit) -> Tensor:
        self.map = channels_first(out, layout)
        handed = edit.change(self.map) if self.met == edit.time else self.map
        return as_laid_out(handed, layout, out).clone()

    def _layout(self, out: Any) -> Arrangement:
        if isinstance(self.layout, Folded) and isinstance(out, Tensor):
            if self.layout.fits(out, self.images):
                return self.layout
            raise ExplainerError(
                f'layer "{self.address}" gives {shape_shown(out.shape)}, not the same shape as '
                "the first time",
                "name a layer that gives the same shape each time",
            )
        if not isinstance(out, Tensor) or out.dim() not in (3, 4):
            shape = shape_shown(out.shape) if isinstance(out, Tensor) else type(out).__name__
            raise ExplainerError(
                f'layer "{self.address}" gives {shape}, not a map N×K×u×v or tokens N×T×K',
                "choose a layer that gives one, or a method without a layer, such as occlusion",
            )
        if len(out) != self.images:
            raise ExplainerError(
                f'layer "{self.address}" gives {len(out)} maps for {self.images} images, as where '
                "frames or a pair of photos go through the network as a batch",
                "name a layer after they are joined again, whose output has a row for each image",
            )
        if out.dim() == 4 and not isinstance(self.layout, Tokens):
            if self.layout or fitting(out, self.size) == ("first",):
                return self.layout or "first"
        elif isinstance(self.layout, Tokens) and out.shape[1] == self.layout.length:
            return self.layout
        if self.layout is None:
            raise UnclearLayoutError(self.address)
        given = shape_shown(out.shape)
        if self.map is None:
            raise ExplainerError(
                f'layer "{self.address}" gives {given}, not as many tokens as the first time',
                "explain images whose contexts differ in length in separate calls",
            )
        raise ExplainerError(
            f'layer "{self.address}" runs several times, and one run gives {given}',
            "name a layer that gives the same shape each time",
        )


class _Calls(TorchFunctionMode):
    """Sees every functional call of the pass: rectifies by rule, and follows addresses' calls."""

    def __init__(self, walk: Walk | None, watches: Sequence[_Watch], choices: Choices) -> None:
        super().__init__()
        self.walk = walk
        self.choices = choices
        self.spellings = Spellings()
        self.watches = [watch for watch in watches if watch.calls]

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = self._call(func, args, kwargs or {})
        for watch in self.watches:
            if func.__name__ in watch.calls:
                out = watch.after(func.__name__, args, out)
        return out

    def _call(self, func: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        if self.walk is None:
            return func(*args, **kwargs)
        call = self.spellings.read(func, args, kwargs)
        if call is not None:
            found = rectified(call, self.walk)
            self.choices.derive(found)
            return found
        out = func(*args, **kwargs)
        self.spellings.note(func, args, out)
        self.choices.note(func, args, kwargs, out)
        return out


class Graph:
    """The forward pass of one batch.

    `outputs`: what the network gave. `maps[address]`: N×K×u×v activations of each layer asked for,
    of maps N×u×v×K and tokens N×T×K too (`layouts` of those whose proportions do not tell, see
    `Network.graph`).
    With `pixels` the input takes part in the graph; with `rules` the ReLUs can follow other rules,
    all of them or only those inside one of the addresses that it names.
    `run` runs the module on images, where calling it with them alone is not enough. With `blocks`
    attention is computed in the open. `edits` by address: what goes on in place of a map, without a
    graph. `met`: how often each address was. Nothing of the network's is changed: no module, flag,
    gradient or hook outlives the pass.
    """

    def __init__(
        self,
        module: nn.Module,
        images: Tensor,
        addresses: Sequence[str],
        *,
        pixels: bool = False,
        rules: Collection[str] | None = None,
        layouts: Mapping[str, Arrangement] = MappingProxyType({}),
        run: Run | None = None,
        blocks: Blocks | None = None,
        edits: Mapping[str, Edit] = MappingProxyType({}),
    ) -> None:
        self.layouts, self.run = layouts, run or module
        self.blocks, self._attention = blocks, blocks.pass_of() if blocks else None
        if rules is not None:
            refuse_hidden_calls(module, "ReLUs")
        self.walk = Walk(parts=Parts(rules or ()))
        self.images = images.detach().requires_grad_(pixels)
        self.choices = Choices(self.images)
        self._proven: set[tuple[Place | None, tuple[str, ...]]] = set()
        names = Names(module)
        plain = PlainStrides()
        watches = [
            _Watch(each, names, images, layouts.get(each), edits.get(each), begin=plain.begin)
            for each in addresses
        ]
        self.own = [] if rules is None else kept_by(module)  # its masks are no ReLU's
        modules = {watch.address: names[watch.module] for watch in watches}
        self.outputs = self._forward(module, watches, modules, plain, rules is not None)
        self.maps = {watch.address: _met(watch) for watch in watches}
        self.met = {watch.address: watch.met for watch in watches}
        self._repeated = [watch for watch in watches if len(watch.copies) > 1 and not watch.run]

    def _forward(
        self,
        module: nn.Module,
        watches: Sequence[_Watch],
        watched: Mapping[str, nn.Module],
        plain: PlainStrides,
        rules: bool,
    ) -> Any:
        calls = any(watch.calls for watch in watches)
        walk = self.walk if rules else None
        mode = _Calls(walk, watches, self.choices) if rules or calls else nullcontext()
        grad = torch.set_grad_enabled(self.images.requires_grad)
        hooks: dict[str, Hook] = {watch.address: watch.hook for watch in watches}
        watching = hooked(watched, hooks.__getitem__)
        parts = self.walk.parts
        following = hooked(parts.modules(module), parts.leaving, parts.entering)
        opened = self._attention or nullcontext()
        with (
            passing(module) as kept,
            grad,
            walkable(module),
            following,
            watching,
            mode,
            plain,
            opened,
        ):
            self.own += kept
            if self._attention:
                plain.begin()
            # A network that begins in place must change neither the caller's images nor a leaf.
            return self.run(self.images.clone() if walk else own_copy(self.images))

    @property
    def attentions(self) -> list[Tensor]:
        """A of each attention that was opened, N×h×T×T, by depth."""
        return [one.weights for one in self._attention.met] if self._attention else []

    def outputs_of_blocks(self) -> list[Any]:
        """What the network's head makes of the mean over the tokens of what each block gives."""
        opened = self._attention
        assert opened is not None
        assert opened.last is not None
        last, like = opened.last, opened.last.shape
        with torch.enable_grad(), told(), PlainStrides():
            return [
                replayed(opened.calls, last, mean.expand(like).contiguous(), self.outputs)
                for mean in opened.means
            ]

    def refuse_parallel_runs(self, scores: Callable[[], Tensor]) -> None:
        """An address means its last run, which can't stand for runs beside it: two photos' maps."""
        for watch in self._repeated:
            *others, last = watch.copies
            found = self.maps[watch.address]
            beside = ancestors([scores()], {last}) - ancestors([found])
            if any(place in beside for place in others):
                raise ExplainerError(
                    f'layer "{watch.address}" runs {len(watch.copies)} times in the forward pass, '
                    "and the score depends on more than one of its maps",
                    f"{watch.named_runs}name a layer after they are joined",
                )

    def gradients(
        self,
        scores: Tensor,
        wanted: Sequence[Tensor],
        rule: Rule,
        within: tuple[str, ...] = (),
        *,
        last: bool = False,
    ) -> list[Tensor]:
        """∂(Σ scores)/∂ each of `wanted`, the ReLUs following `rule`: all, or those `within`.

        The `last` walk gives back what the pass kept as it goes.
        """
        if not scores.requires_grad:
            raise independent()
        if rule != "gradient":
            self._prove(scores, within)
        self.walk.rule, self.walk.within = rule, within
        with told():
            found = torch.autograd.grad(
                scores,
                list(wanted),
                grad_outputs=torch.ones_like(scores),
                retain_graph=not last,
                allow_unused=True,
            )
        if any(gradient is None for gradient in found):
            raise independent()
        self.refuse_unread(wanted, found)
        return list(found)

    def _prove(self, scores: Tensor, within: tuple[str, ...]) -> None:
        """Once for these scores and parts, as the rules differ only in the backward pass."""
        place = place_of(scores)
        if place is None or (place, within) not in self._proven:
            inside = self._inside(within)
            Proof(scores, self.images, self.own, self.choices.made, inside).refuse()
            self._proven.add((place, within))

    def _inside(self, within: tuple[str, ...]) -> Inside | None:
        return Inside(within, self.walk.parts.nodes(within)) if within else None

    def refuse_unread(self, wanted: Sequence[Tensor], found: Sequence[Tensor]) -> None:
        """Past the last attention the class token is all that is read: no patch has a gradient."""
        for address, map in self.maps.items():
            if not isinstance(self.layouts.get(address), Tokens):
                continue
            if any(one is map and not grad.any() for one, grad in zip(wanted, found, strict=True)):
                raise ExplainerError(
                    f'the score does not depend on the patches at layer "{address}", as where only '
                    "the class token is read after the last attention",
                    "name an earlier layer, such as the normalisation before the last attention",
                )


def _met(watch: _Watch) -> Tensor:
    if watch.map is None and watch.runs and watch.run.isdecimal() and not watch.calls:
        raise ExplainerError(
            f'"{watch.module}" runs {watch.runs} times in the forward pass, so there is no '
            f'"{watch.address}"',
            "count its runs from 0",
        )
    if watch.map is None:
        raise ExplainerError(
            f'layer "{watch.address}" takes no part in the forward pass', "choose another layer"
        )
    return watch.map


def independent() -> ExplainerError:
    return ExplainerError(
        "the target score does not depend on the layer",
        "choose a layer before the output, and a score made of the output",
    )
