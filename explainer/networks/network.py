"""A classifier with all that an explanation's provenance needs to say of it."""

import copy
import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, cast, get_args

import torch
from PIL import Image
from torch import Tensor, nn

from explainer.errors import ExplainerError
from explainer.graphs.blocks import Blocks, blocks_of
from explainer.graphs.capture import Graph, UnclearLayoutError
from explainer.graphs.layouts import layout_at
from explainer.graphs.trail import follow
from explainer.graphs.way import Way, way_to_score
from explainer.passes.devices import device_of, dtype_of, like, placed
from explainer.passes.folds import fold_of, refuse_declared, said_lengths
from explainer.passes.footprint import Footprint, footprint
from explainer.passes.grids import Arrangement, said_grid
from explainer.passes.layers import address_of
from explainer.passes.mixing import alone, refuse_mixing
from explainer.passes.named import for_all
from explainer.passes.state import passing, told
from explainer.passes.targets import (
    Probabilities,
    Read,
    Targets,
    Wanted,
    class_scores,
    label_index,
    resolve,
    scores_in,
    scores_of,
)

from .attention import Attended
from .contexts import Entries, calling, entries_of, form_of, refuse_other_length
from .digests import digest_of_state
from .forms import refuse_form, refuse_training
from .layouts import Layouts
from .preprocessing import (
    Colour,
    Photo,
    Preprocessing,
    adapted,
    as_they_are,
    crop_by,
    opened_by,
    plain_by,
    seen_by,
    shown_by,
)
from .redrawn import redrawn, widened

Call = Callable[[nn.Module, Tensor, tuple[Any, ...]], Any]


@dataclass(frozen=True, eq=False)
class Network:
    """An image classifier to explain. Only `module` is required.

    `layer`: address of the layer to explain (see `passes.layers`) or one of the module's own
    submodules; without it the last map on the way to the score. `labels`: the class names in
    order. `preprocess`: how photos become its input; torchvision's `transforms()` will do.
    `probabilities`: what the outputs become by "softmax", or by "sigmoid" each for itself (several
    labels a photo, or one output). `weights_digest`: SHA-256 of the weights file; of the state dict
    where there is none, as it is now. `weights_taken_off`: what the file's state dict was freed of.

    `call(module, images, context)` runs a module that needs more than images: `context` is a tuple
    with one entry for each of them (see `asked`). Without it `module(images)` is called.
    `scores(output)` finds the N×answers scores in what the module gives (`scores_in` without it).
    `grid`: (u, v) or (u, v, prefix), how the patches of a transformer's tokens lie where the
    network's pass does not show it. `frames`: how many pictures a case has, N×T×C×H×W. `places`: 1
    of sound N×C×L, 3 of volumes N×C×D×H×W.
    """

    module: nn.Module
    layer: str | nn.Module | None = None
    labels: Sequence[str] = ()
    preprocess: Preprocessing | None = None
    probabilities: Probabilities = field(default="softmax", kw_only=True)
    name: str = field(default="", kw_only=True)
    weights_digest: str = field(default="", kw_only=True)
    weights_taken_off: str = field(default="", kw_only=True)
    call: Call | None = field(default=None, kw_only=True)
    scores: Read = field(default=scores_in, kw_only=True)
    grid: Sequence[int] | None = field(default=None, kw_only=True)
    frames: int | None = field(default=None, kw_only=True)
    places: int = field(default=2, kw_only=True)
    context: Entries = field(default=Entries(), kw_only=True, repr=False)
    _found: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.module, nn.Module):
            raise ExplainerError(
                f"{type(self.module).__name__} is not a torch.nn.Module", "pass a module"
            )
        refuse_form(self.module)
        if self.layer is not None:
            object.__setattr__(self, "layer", address_of(self.module, self.layer))
        if self.preprocess is not None:
            object.__setattr__(self, "preprocess", adapted(self.preprocess, self.frames))
        if self.probabilities not in get_args(Probabilities):
            raise ExplainerError(f"probabilities={self.probabilities!r}", "use softmax or sigmoid")
        refuse_declared(self.frames, self.places)
        if self.grid is not None:
            said = said_grid if (self.frames, self.places) == (None, 2) else said_lengths
            object.__setattr__(self, "grid", said(self.grid))
        object.__setattr__(self, "labels", tuple(self.labels or ()))
        object.__setattr__(self, "name", self.name or type(self.module).__name__)
        if not self.weights_digest:
            object.__setattr__(self, "weights_digest", digest_of_state(self.module))

    @property
    def device(self) -> torch.device:
        """Where it computes: where its weights lie now."""
        return device_of(self.module)

    @property
    def dtype(self) -> torch.dtype:
        return dtype_of(self.module)

    def asked(self, context: Sequence[Any]) -> "Network":
        """The same network, asked about a batch with this context: one entry for each image.

        Everything that takes a network and images takes it so: `explain`, metrics, dissection.
        """
        if self.call is None:
            raise ExplainerError(
                f"{self.name} is called with images alone, so that a context would change nothing",
                "leave the cases out, or give it a function of yours that reads them: Network(…, "
                "call=ask), where def ask(module, images, context): …",
            )
        return self._asked(entries_of(context))

    def asking(self, entries: Sequence[Any]) -> "Network":
        """The network asked with these entries; as it is where each is None (no context)."""
        return self if all(entry is None for entry in entries) else self.asked(entries)

    def of(self, places: Sequence[int] | Tensor) -> "Network":
        """The same network, asked with the entries of the context at `places`."""
        if not self.context:
            return self
        numbers = places.tolist() if isinstance(places, Tensor) else places
        return self._asked(self.context.at(numbers))

    def _asked(self, context: Entries) -> "Network":
        other = copy.copy(self)
        object.__setattr__(other, "context", context)
        return other

    def run(self, images: Tensor, module: nn.Module | None = None) -> Any:
        """What the module, or a twin of it with other weights, gives for images (N×C×H×W)."""
        module = module or self.module
        if self.call is None:
            return module(images)
        if self.context:
            refuse_other_length(self.context, len(images))
        with calling(self.name, self.context):
            return self.call(module, images, self.context)

    @property
    def _form(self) -> Any:
        """The form of the context: what was measured with one may not hold of another."""
        return form_of(self.context[:1])

    @property
    def _questions(self) -> dict[str | int, int]:
        """The places of images that are asked something else than those before them."""
        return self.context.different or {"": 0}

    def way(self, images: Tensor, wanted: Wanted = None) -> Way:
        """What the score is made of, found once for a size of images.

        Of a network with several outputs it is another one for each callable; the last is kept.
        """
        key = ("way", images.shape[1:], self._form)
        known, way = self._found.get(key, (None, None))
        if way is None or not (way.common or known is wanted):
            seen = images if callable(wanted) else images[:1]
            score = scores_of(wanted, len(seen), self.scores)
            with alone(images), told():
                run = self.of(range(len(seen))).run
                way = way_to_score(self.module, seen.detach(), score, run)
            self._found[key] = wanted, way
        return cast(Way, way)

    def stages(self, images: Tensor, wanted: Wanted = None) -> tuple[str, ...]:
        """Addresses of the last map at each spatial size on the way to the score, by depth."""
        way = self._refusing(self.way(images, wanted))
        named = tuple(stage for stage in way.stages if stage)
        if len(named) < len(way.stages):
            raise ExplainerError(
                "a stage of the network ends in a map without a name",
                'name them by the setting "layers" of the method',
            )
        return named

    def footprint(self, images: Tensor, wanted: Wanted = None) -> Footprint:
        """The memory that one of these images takes, by which batches are cut and filled.

        Measured once for a size of images, by passes of one and of three, which also show whether
        an image is answered alike whatever comes with it: the whole output where `wanted` is a
        callable, the scores otherwise. ExplainerError where it is not.
        """
        # Whether everybody is asked one and the same question shows only where questions differ.
        both = ([*self._questions.values()] * 2)[:2]
        asked = (self._form, both[0] != both[1], callable(wanted))
        key = ("footprint", images.shape[1:], images.dtype, images.device.type, asked)
        if key not in self._found:
            read: Read = for_all(wanted) if callable(wanted) else self.scores

            def answers(rows: Sequence[int], images: Tensor) -> Any:
                return read(self.of([both[row] for row in rows]).run(images))

            one = images[:1].detach()
            with alone(images):
                found, outputs = footprint(self.module, one, self.of([0]).run)
                refuse_mixing(self.module, one, read(outputs), answers)
            self._found[key] = found
        return cast(Footprint, self._found[key])

    def _refuse_shared_questions(self, images: Tensor, wanted: Wanted = None) -> None:
        """A call may read one image's entry for all, which a batch in one pass would never show."""
        if self.context and len(images) > 1:
            self.footprint(images, wanted)

    def redrawn(self, seed: int) -> nn.Module:
        """A copy of the module with weights drawn from `seed`; the last one is kept.

        The trained weights' digest has a part in the draw, so that two networks of one
        architecture become two unlike twins.
        """
        weights = next(self.module.parameters(), torch.empty(0))
        wanted = (seed, weights.dtype, weights.device)  # the caller may have moved the module
        kept, module = self._found.get("redrawn", (None, None))
        if kept != wanted:
            own = hashlib.sha256(f"{seed} {self.weights_digest}".encode()).digest()
            module = redrawn(self.module, int.from_bytes(own[:7]))
            self._found["redrawn"] = (wanted, module)
        return cast(nn.Module, module)

    def plain(self, images: Tensor, value: int | Colour) -> Tensor:
        """1×C×H×W: what the network sees of a photo whose every pixel is `value`, 0 to 255 of each
        of red, green and blue.

        A network without preprocessing is taken to see pixel values as they are, 0 to 1.
        """
        colour = (value,) * 3 if isinstance(value, int) else value
        if self.preprocess is None:
            return as_they_are(images, colour)
        side, seen = self.preprocess.size, plain_by(self.preprocess, colour)
        if seen.shape != images.shape[1:]:
            if not torch.equal(seen, seen[:, :1, :1].expand_as(seen)):
                raise ExplainerError(
                    f"the images have {tuple(images.shape[2:])} pixels, preprocessing makes {side}",
                    "give images of the size that the preprocessing makes",
                )
            seen = seen[:, :1, :1].expand(images.shape[1:])
        return like(seen[None], images)

    def at(self, layer: str | nn.Module) -> "Network":
        """The same network, explained at another layer; what was measured of it stays known."""
        other = replace(self, layer=layer)
        object.__setattr__(other, "_found", self._found)
        return other

    def layer_for(self, images: Tensor, wanted: Wanted = None) -> str:
        """The address of the layer to explain: the network's own, or the last map's by default."""
        if self.layer is not None:
            return cast(str, self.layer)
        return self._refusing(self.way(images, wanted)).layer

    def _refusing(self, way: Way) -> Way:
        if way.refusal is not None:
            raise ExplainerError(f"{self.name}: {way.refusal.reason}", way.refusal.fix)
        return way

    def beside(self, images: Tensor, wanted: Wanted = None) -> tuple[str, ...]:
        """Maps by which the score depends on the photo without the default layer."""
        return () if self.layer is not None else self.way(images, wanted).beside

    def graph(
        self,
        images: Tensor,
        addresses: Sequence[str],
        wanted: Wanted = None,
        *,
        pixels: bool = False,
        rules: Collection[str] | None = None,
    ) -> Graph:
        """The forward pass of a batch, with the layouts of maps told by how these came about."""
        self._refuse_shared_questions(images, wanted)
        layouts: Layouts = self._found.setdefault(("layouts", images.shape[1:]), Layouts())
        known = layouts.known(addresses, self._questions)
        while True:
            try:
                return Graph(
                    self.module,
                    images,
                    addresses,
                    pixels=pixels,
                    rules=rules,
                    layouts=known,
                    run=self.run,
                )
            except UnclearLayoutError as unclear:
                look = partial(self._layout, unclear.address, images)
                known[unclear.address] = layouts.at(unclear.address, self._questions, look)

    def attention_graph(self, images: Tensor, wanted: Wanted = None) -> Graph:
        """The forward pass of a batch in which attention is computed in the open."""
        self._refuse_shared_questions(images, wanted)
        return Graph(self.module, images, (), run=self.run, blocks=self.blocks(images, wanted))

    def blocks(self, images: Tensor, wanted: Wanted = None) -> Blocks:
        """How attention leads from the image to the score; refuses other ways between tokens."""
        known: Attended = self._found.setdefault(("blocks", images.shape[1:]), Attended())
        return known.of(wanted, self._questions, partial(self._blocks, images, wanted))

    def _blocks(self, images: Tensor, wanted: Wanted, place: int) -> Blocks:
        rows = [*range(len(images))] if callable(wanted) else [place]
        with alone(images), told():
            read = scores_of(wanted, len(rows), self.scores)
            return blocks_of(self.module, images[rows].detach(), read, self.of(rows).run, self.grid)

    def _layout(self, address: str, images: Tensor, place: int) -> Arrangement:
        with alone(images), told():
            one = images[place : place + 1].detach()
            trail, _, _ = follow(self.module, one, self.of([place]).run)
            return layout_at(trail, address, self.grid)

    def targets(self, wanted: Wanted, output: Any, images: int) -> Targets:
        """What is explained of the output for so many images; see `resolve`."""
        found = resolve(wanted, output, self.labels, images, self.scores)
        return replace(found, form=self.probabilities)

    def label_index(self, name: str) -> int:
        """The index of the class called `name`."""
        return label_index(name, self.labels)

    @property
    def steps(self) -> Preprocessing:
        """The preprocessing; ExplainerError where there is none."""
        if self.preprocess is None:
            raise ExplainerError(f"{self.name} has no preprocessing", "give preprocess=…")
        return self.preprocess

    def open(self, source: str | Path | bytes) -> Photo:
        """A file as this network takes it: a photo, channels as they are, or an array."""
        return opened_by(self.preprocess, source)

    @property
    def shown(self) -> tuple[int, ...]:
        """Which channels people see, where files are read as they are."""
        return shown_by(self.preprocess)

    def crop(self, photo: Photo, size: int | None = None) -> Any:
        """The region of a photo that the network sees, as people see it: an RGB picture; of arrays
        see `Arrays.pictured`."""
        return crop_by(self.steps, photo, size)

    def seen(self, photo: Photo, crop: Image.Image | None = None) -> Tensor:
        """C×H×W float32: a photo as the preprocessing makes it; `crop`: what `crop(photo)` gave."""
        return seen_by(self.steps, photo, crop)

    def prepare(self, photos: Sequence[Photo]) -> Tensor:
        """N×C×H×W input for these photos, of the network's type and on its device."""
        if not photos:
            raise ExplainerError("there are no photos", "give at least one")
        return self.batch([self.seen(photo) for photo in photos])

    def batch(self, crops: Sequence[Tensor]) -> Tensor:
        """N×C×H×W of N preprocessed crops, of the network's type and on its device."""
        return self.placed(torch.stack(list(crops)).to(self.dtype))

    def placed(self, images: Tensor) -> Tensor:
        """Images from anywhere, on the network's device."""
        return placed(images, self.device)

    def predict(self, images: Tensor) -> Tensor:
        """Logits (float32, N×classes, in the host's memory) of N×C×H×W images, without a graph."""
        refuse_training(self.module)
        placed = self.placed(images)
        fold_of(placed, self.frames, self.places)
        self._refuse_shared_questions(placed)
        with torch.no_grad(), passing(self.module):
            return class_scores(self.scores(self.run(placed)), len(images)).float().cpu()


def in_float32(network: Network) -> Network:
    """The network itself; one of a float32 copy where it holds weights of half precision."""
    module = widened(network.module)
    return network if module is network.module else replace(network, module=module)
