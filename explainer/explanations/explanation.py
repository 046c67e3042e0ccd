"""`explain`: one call, one forward graph, and a frozen record of what was found."""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from explainer.errors import ExplainerError, did_you_mean
from explainer.graphs.way import RULE
from explainer.methods import METHODS, Layers, Method, Work
from explainer.methods.base import digested
from explainer.methods.joining import checks_of, maps_of
from explainer.methods.shapes import (
    by_case,
    extremes,
    form_of_input,
    laid_out,
    refuse_other_shapes,
)
from explainer.networks.contexts import refuse_other_length
from explainer.networks.folded import folded
from explainer.networks.forms import refuse_other_type, refuse_training
from explainer.networks.functions import name_of, refuse_untold, told
from explainer.networks.network import Network
from explainer.networks.sought import sought
from explainer.passes.devices import arithmetic, device_among, dtype_of, memory_for, placed
from explainer.passes.folds import fold_of
from explainer.passes.footprint import MOST_KEPT
from explainer.passes.modules import buffers_of, modules_of, weights_of
from explainer.passes.named import Each, Target, named, refuse_unmatched
from explainer.passes.targets import Wanted, parted, scores_in

from .parts import Part, by_target, joined, nothing_shown, on_host, with_maps
from .record import Found, versions_with

Settings = Mapping[str, Mapping[str, Any]]
WEIGHTS_KEPT = 4  # times that attention's weights take memory: logits, A, its gradient, a product


def explain(
    network: Network,
    images: Tensor,
    targets: Wanted = None,
    methods: Sequence[str] = ("grad_cam",),
    *,
    context: Sequence[Any] | None = None,
    layer: str | nn.Module | None = None,
    settings: Settings | None = None,
    memory: int | None = None,
) -> Found:
    """Explain why the network scores `targets` as it does on each image.

    `images`: N×C×H×W float, or as the network declares, preprocessed, on any device: they are moved
    to the network's, and what is found comes back into the host's memory, once for a batch.
    `targets`: N class indices or names; N×K of them; a named target (`explainer.targets`) for all,
    or one for each; a callable score(output) → N scalars; None for each image's first class.
    `context`: what each image is asked with, for networks that take more than images (see
    `Network`); it follows its image through every further pass.
    `methods`: names in `METHODS`; those that share the forward pass share it here. `layer`: an
    address or submodule (see `passes.layers`) in place of the network's own. `settings`: by
    method. `memory`: bytes that a pass, with what is kept of it, may take (half of what is free on
    a card): batches that need more are explained part by part (not where a callable target or
    `other_image` looks at the whole batch), and methods of many passes cut them so. It changes no
    value beyond rounding.

    The caller's network, gradients, hooks, flags and random state are as before, also after an
    error. Bad input raises ExplainerError.
    """
    started = time.perf_counter()
    chosen = {name: method_named(name) for name in names_of(methods)}
    records = _settings_records(chosen, settings or {})
    device = _checked_device(network, images)
    refuse_training(network.module)
    if memory is not None and memory < 1:
        raise ExplainerError(f"memory = {memory}", "give a number of bytes above 0")
    network, targets = _as_asked(network, layer, context, len(images)), named(targets, len(images))
    with _own_state(device):
        images = images.detach().clone() if images.is_inference() else images.detach()
        images = placed(images, device)
        pictured, images = folded(network, images)
        refuse_other_shapes(pictured, chosen, records)
        targets = sought(pictured, targets, images)
        asked = _Asked(pictured, chosen, records, memory or memory_for(device))
        part = asked.of_all(targets, images)
        maps, empty = asked.laid_out(part, images)
    return Found(
        maps=MappingProxyType(maps),
        outputs=part.outputs,
        targets=part.targets.shown(),
        layer=part.layers.own or None,
        beside=part.beside,
        checks=MappingProxyType(_checks_by_method(part, chosen)),
        empty=MappingProxyType(empty),
        settings=MappingProxyType({name: asdict(record) for name, record in records.items()}),
        seconds=time.perf_counter() - started,
        provenance=MappingProxyType(_provenance(network, records, targets, device)),
        shown=network.shown,
        form=form_of_input(pictured),
    )


def _as_asked(
    network: Network, layer: str | nn.Module | None, context: Sequence[Any] | None, images: int
) -> Network:
    """The network at the layer and with the context that this call names."""
    if layer is not None:
        network = network.at(layer)
    if context is not None or network.context:  # whose entries may have changed since then
        network = network.asked(network.context if context is None else context)
        refuse_other_length(network.context, images)
    return network


def _checks_by_method(
    part: Part, chosen: Mapping[str, Method]
) -> Mapping[str, Mapping[str, Tensor]]:
    """By method and name the checks of its maps; ExplainerError if these then mean nothing."""
    checks: dict[str, dict[str, Tensor]] = {}
    for (name, check), values in part.checks.items():
        checks.setdefault(name, {})[check] = values
    for name, method in chosen.items():
        if method.refuse is not None:
            method.refuse(checks[name], '" or "'.join(part.layers.of(name)))
    return checks


@dataclass(frozen=True)
class _Asked:
    network: Network
    chosen: Mapping[str, Method]
    records: Mapping[str, Any]
    memory: int

    def of_all(self, targets: Wanted, images: Tensor) -> Part:
        """Every map of all images, as many at a time as the memory holds."""
        most = _images_at_once(self, images, targets)
        parts = parted(targets, len(images), most, self.network.labels)
        return joined([self.explain(wanted, images, rows) for wanted, rows in parts])

    def laid_out(self, part: Part, images: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """By method the maps in the shape of what was asked about, and which show nothing."""
        maps, empty = {}, {}
        for name, method in self.chosen.items():
            signed = method.is_signed(self.records[name])
            empty[name] = nothing_shown(name, part.extremes[name], signed=signed)
            maps[name] = laid_out(self.network, method, part.maps[name], part.layers.own, images)
        return maps, empty

    def explain(self, wanted: Wanted, images: Tensor, rows: slice) -> Part:
        """Every map of these rows of the images.

        Attention in the open rounds otherwise than PyTorch's kernels, so the methods that read it
        have a pass of their own: with or without them, the others' maps are the same to the bit.
        """
        of_attention = {name: m for name, m in self.chosen.items() if m.attention}
        others = {name: m for name, m in self.chosen.items() if not m.attention}
        first, *second = [kind for kind in (others, of_attention) if kind]
        part = replace(self, chosen=first)._of_one_pass(wanted, images, rows)
        for chosen in second:
            seen = part.targets.shown() if wanted is None else wanted
            more = replace(self, chosen=chosen)._of_one_pass(seen, images, rows)
            part = with_maps(part, more, list(self.chosen))
        return part

    def _rules(self, network: Network) -> list[str] | None:
        """The parts to which some method limits its ReLUs' rules; None where no method has any."""
        ruled = [self.records[name] for name, method in self.chosen.items() if method.needs_relu]
        return [part for record in ruled for part in record.parts(network)] if ruled else None

    def _of_one_pass(self, wanted: Wanted, images: Tensor, rows: slice) -> Part:
        """One graph of these rows of the images, and every map that it gives."""
        methods = self.chosen.values()
        of_one = [m.looks_at(self.records[name]) == "map" for name, m in self.chosen.items()]
        network = self.network.of(range(rows.start, rows.stop))
        images = images[rows]
        layers = Layers(
            network.layer_for(images, wanted) if any(of_one) else "",
            {
                name: method.layers(network, images, wanted, self.records[name])
                for name, method in self.chosen.items()
                if method.layers is not None
            },
        )
        if all(method.attention for method in methods):
            graph = network.attention_graph(images, wanted)
        else:
            graph = network.graph(
                images,
                layers.all(),
                wanted,
                pixels=any(method.needs_pixels for method in methods),
                rules=self._rules(network),
            )
        outputs = graph.outputs
        scores = outputs if callable(wanted) else network.scores(outputs)
        scored = isinstance(scores, Tensor) and scores.dim() == 2
        if scored:
            refuse_other_labels(network.labels, scores.shape[1])
        refuse_unmatched(wanted, outputs)
        targets = network.targets(wanted, outputs, len(images))
        work = Work(network, graph, targets, layers, memory=self.memory)
        with torch.enable_grad():
            graph.refuse_parallel_runs(lambda: work.scores(0))
        maps = {name: self._maps(name, work) for name in self.chosen}
        return on_host(
            Part(
                maps=maps,
                extremes={name: extremes(m, maps[name]) for name, m in self.chosen.items()},
                checks=self._checks(work),
                outputs=scores.detach().float() if isinstance(scores, Tensor) else scores,
                targets=targets,
                layers=layers,
                beside=network.beside(images, wanted) if layers.own else (),
            )
        )

    def _maps(self, name: str, work: Work) -> Tensor:
        method, settings = self.chosen[name], self.records[name]
        found = [maps_of(method, work, settings, k) for k in range(work.targets.count)]
        return by_target([by_case(work, maps).detach().float() for maps in found], work)

    def _checks(self, work: Work) -> dict[tuple[str, str], Tensor]:
        """By method and name the checks of its maps: N, or N×K, each."""
        found = {}
        for name, method in self.chosen.items():
            record = self.records[name]
            each = [checks_of(method, work, record, k) for k in range(work.targets.count)]
            for key in each[0]:
                found[name, key] = by_target(
                    [by_case(work, checks[key], checks=True) for checks in each], work
                )
        return found


def _images_at_once(asked: _Asked, images: Tensor, targets: Wanted) -> int:
    """How many images share a graph. All where too few to fill the budget: nothing is measured."""
    methods = asked.chosen.values()
    whole = callable(targets) or any(method.whole_batch for method in methods)
    if whole or len(images) == 1 or images.nbytes * MOST_KEPT <= asked.memory:
        return len(images)
    graph = any(method.needs_pixels or method.attention for method in methods)
    footprint = asked.network.footprint(images)
    if any(method.attention for method in methods):
        weights = asked.network.blocks(images, targets).nbytes
        footprint = replace(footprint, total=footprint.total + WEIGHTS_KEPT * weights)
    return footprint.sharing_a_pass(asked.memory, graph=graph)


def refuse_other_labels(labels: Sequence[str], outputs: int) -> None:
    """Refuse labels that do not name so many outputs one by one; none at all name nothing."""
    if labels and len(labels) != outputs:
        raise ExplainerError(
            f"{len(labels)} labels for {outputs} outputs", "give one label per output"
        )


def settings_digest(
    network: Network, method: str, settings: Mapping[str, Any] | None = None
) -> str:
    """SHA-256 (hex) of all but the weights and the photo that decides a map's values.

    Covers the layer, the preprocessing, the method's name and version, its settings, defaults
    included (a changed default gives another digest; of settings that came later only other values
    than their defaults), and what a network says of itself: another type than float32, sigmoid
    probabilities, `call`, `scores` and `grid`.
    """
    chosen = method_named(method)
    record = chosen.with_settings(dict(settings or {}))
    for function in (network.call, network.scores):
        if function is not None:
            refuse_untold(function)
    return _digest(network, chosen, record)


def _known_digest(network: Network, method: Method, record: Any) -> str:
    """As `_digest`, remembered for a method at its defaults by everything that may change."""
    told_anew = network.call is not None or network.scores is not scores_in
    if record is not method.at_defaults or told_anew:
        return _digest(network, method, record)
    seen_by = network.preprocess.digest() if network.preprocess else None
    key = ("digest", method.name, method.version, network.layer, seen_by, dtype_of(network.module))
    if key not in network._found:
        network._found[key] = _digest(network, method, record)
    return str(network._found[key])


def _digest(network: Network, method: Method, record: Any) -> str:
    said: dict[str, Any] = {
        "layer": str(network.layer or RULE) if method.looks_at(record) == "map" else None,
        "preprocess": network.preprocess.digest() if network.preprocess else None,
        "method": method.name,
        "version": method.version,
        "settings": digested(record),
    }
    if dtype_of(network.module) != torch.float32:
        said["dtype"] = str(dtype_of(network.module))
    if network.probabilities != "softmax":
        said["probabilities"] = network.probabilities
    if network.call is not None:
        said["call"] = told(network.call)
    if network.scores is not scores_in:
        said["scores"] = told(network.scores)
    if network.grid is not None and (method.layer != "none" or method.attention):
        said["grid"] = network.grid
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def method_named(name: str) -> Method:
    """The method called `name`."""
    if name not in METHODS:
        raise ExplainerError(f'no method "{name}"', did_you_mean(name, METHODS))
    return METHODS[name]


def names_of(methods: Sequence[str]) -> Sequence[str]:
    """The names of methods; a single text or none at all is refused."""
    if isinstance(methods, str) or not methods:
        raise ExplainerError(f"methods={methods!r}", 'give names, such as ("grad_cam",)')
    return methods


def _settings_records(chosen: Mapping[str, Method], settings: Settings) -> dict[str, Any]:
    for name, values in settings.items():
        method = method_named(name)
        if not isinstance(values, Mapping):
            raise ExplainerError(
                f"settings of {name} = {values!r}", "give a mapping of names to values"
            )
        method.with_settings(dict(values))  # of a method that was not asked for too
    return {
        name: method.with_settings(dict(settings.get(name, {}))) for name, method in chosen.items()
    }


def _checked_device(network: Network, images: Tensor) -> torch.device:
    """Where the network computes; ExplainerError where it can't be asked about these images."""
    if not isinstance(images, Tensor) or not images.is_floating_point():
        shape = tuple(images.shape) if isinstance(images, Tensor) else type(images).__name__
        raise ExplainerError(f"images are {shape}", "give a float tensor N×C×H×W")
    if not images.numel():
        raise ExplainerError("the batch is empty", "give at least one image")
    fold_of(images, network.frames, network.places)  # refuses another number of axes
    modules = modules_of(network.module)
    weights, buffers = weights_of(modules), buffers_of(modules)
    device = device_among(weights + buffers)
    refuse_other_type(weights, images, device)
    if any(map(Tensor.is_inference, weights + buffers)):
        raise ExplainerError(
            "the network was made under inference_mode, which forbids gradients",
            "build or load it outside of inference_mode",
        )
    return device


@contextmanager
def _own_state(device: torch.device) -> Iterator[None]:
    """The caller's gradient mode and random state, whatever happens inside."""
    devices = [device] if device.type == "cuda" else []
    with torch.inference_mode(False), torch.no_grad(), torch.random.fork_rng(devices=devices):
        yield


def _provenance(
    network: Network, records: Mapping[str, Any], targets: Wanted, device: torch.device
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "network": network.name,
        "weights_digest": network.weights_digest,
        "preprocess_digest": network.preprocess.digest() if network.preprocess else None,
        "settings_digests": {
            name: _known_digest(network, METHODS[name], record) for name, record in records.items()
        },
        "versions": versions_with(network.module),
        "arithmetic": arithmetic(network.module, device),
    }
    if network.probabilities != "softmax":
        made["probabilities"] = network.probabilities
    if network.grid is not None:
        made["grid"] = list(network.grid)
    if (network.frames, network.places) != (None, 2):
        made["input"] = {"frames": network.frames, "places": network.places}
    if network.weights_taken_off:
        made["weights_taken_off"] = network.weights_taken_off
    if network.context:
        made["context_digests"] = list(network.context.digests)
    if callable(targets):
        made["score"] = name_of(targets)
    if isinstance(targets, Target):
        each = targets.targets if isinstance(targets, Each) else (targets,)
        made["target_digests"] = [target.digest() for target in each]
        made["targets"] = [target.text() for target in each]
    return made
