"""Over which photo of a case a layer's maps lie: they are drawn over its first, and no other."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from torch import Tensor

from explainer.errors import ExplainerError
from explainer.graphs.ancestry import ancestors
from explainer.graphs.trail import Trail, follow
from explainer.methods import Method
from explainer.networks.network import Network
from explainer.passes.layers import LAST, SEPARATOR, run_named
from explainer.passes.state import told

Chosen = Iterable[tuple[Method, Mapping[str, Any]]]


def refuse_other_photos(network: Network, images: Tensor, chosen: Chosen) -> None:
    """ExplainerError where a layer of one of the methods `chosen`, each with its settings, does not
    see the images but what they are asked with, such as the second photo of a pair.

    What only the context leads to has no way to the image in the pass's graph.
    """
    if not network.context:
        return
    named = dict.fromkeys(_layers(network, images, chosen))
    if not named:
        return
    with told():
        trail, _, origin = follow(network.module, images.detach(), network.run)
    for layer in named:
        made = _made_by(trail, layer)
        if made is None or origin not in ancestors([made]):
            raise ExplainerError(
                f'the maps of layer "{layer}" do not lie over the photo of the case: what it is '
                "given is made of the context alone, such as another photo",
                "name a layer, or the run of a layer, that sees the case's own photo, such as "
                '"encoder:0", or let what you want explained be the case\'s own photo',
            )


def _layers(network: Network, images: Tensor, chosen: Chosen) -> Iterator[str]:
    for method, said in chosen:
        settings = method.with_settings(dict(said))
        if method.looks_at(settings) == "map":
            yield network.layer_for(images)
        if method.layers is not None:
            yield from method.layers(network, images, None, settings)


def _made_by(trail: Trail, address: str) -> Tensor | None:
    """What the run that an address begins with gave, where the image had a part in it."""
    names: Mapping[str, int] = trail.calls
    name, run = run_named(address.split(SEPARATOR)[0], names)
    number = str(names.get(name, 0) - 1) if run in ("", LAST) else run
    step = trail.of_run.get((name, number))
    return step.tensor if step else None
