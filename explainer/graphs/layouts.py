"""Where the places of the photo lie in a layer's output, where its shape alone does not tell."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge

from explainer.errors import ExplainerError
from explainer.passes.devices import like
from explainer.passes.grids import Arrangement, Tokens, channels_first, shape_shown

from .ancestry import ancestors
from .places import tokens_lie
from .trail import Step, Trail


def layout_at(trail: Trail, address: str, said: Sequence[int] | None) -> Arrangement:
    """The layout of the output at `address`; `said`: the grid that the caller gave, if any."""
    step = trail.at(address)
    if step is not None and step.tensor.dim() == 3:
        return tokens_at(trail, address, step, said)
    if step is None or step.layout is None:
        shape = shape_shown(step.tensor.shape) if step else "a map"
        raise ExplainerError(
            f'layer "{address}" gives {shape}, and which of its axes are the channels can\'t '
            "be told",
            "name a layer whose output is N×K×u×v",
        )
    return step.layout


def tokens_at(trail: Trail, address: str, step: Step, said: Sequence[int] | None) -> Tokens:
    """How the tokens of `step`, at `address`, lie; ExplainerError where that can't be told."""
    shape, count = shape_shown(step.tensor.shape), step.tensor.shape[1]
    found = tokens_of(trail, step)
    if found is not None:
        if said is not None and tuple(said) != found[: len(said)]:
            raise ExplainerError(
                f'grid={tuple(said)}, but the tokens of layer "{address}" lie as '
                f"grid={found[:3]}, as the pass through the network shows",
                f"leave grid out, or give grid={found[:3]}",
            )
        return found
    if said is None:
        raise ExplainerError(
            f'layer "{address}" gives {shape}, a sequence of tokens, and which of these stand for '
            "which places of the photo can't be told",
            "say how many rows and columns of patches there are, and how many tokens come before "
            "them: Network(…, grid=(u, v)) or grid=(u, v, prefix)",
        )
    given = Tokens(said[0], said[1], said[2] if len(said) > 2 else count - said[0] * said[1])
    if given.length != count or given.prefix < 0:
        raise ExplainerError(
            f'grid={tuple(said)} does not fit layer "{address}", which gives {count} tokens',
            f"give u, v and prefix so that u·v + prefix = {count}",
        )
    return given


def tokens_of(trail: Trail, step: Step) -> Tokens | None:
    """How the tokens of `step` (N×T×K) lie; None where the pass does not show it.

    ExplainerError where they do not follow the rows of the patches.
    """
    if len(step.tensor) != trail.images or step.places is None:
        return None  # no row for each image; or made by calls that hide what they move
    return tokens_lie(step.places)


def mixed(trail: Trail, step: Step) -> bool:
    """Whether each token of `step` was made of several places of the map that the network's first
    tokens were: a patch embedding is not."""
    before = ancestors([step.tensor])
    roots = (one.places.root for one in trail.steps if one.tensor.dim() == 3 and one.places)
    maps = {one.number: one for one in trail.steps if one.is_map and one.place in before}
    first = next((maps[root] for root in sorted({*roots}) if root in maps), None)
    if first is None:
        return False
    numbers = torch.arange(step.tensor.shape[1], device=step.tensor.device)
    last = tokens_of(trail, step)
    own = numbers[last.prefix + last.u * last.v - 1] if last else numbers[-1]
    return int(_touched(step, first, numbers == own).sum()) > 1


def _touched(made: Step, map: Step, chosen: Tensor) -> Tensor:
    """u×v: the places of `map` that the chosen of the tokens depend on."""
    assert made.place
    assert map.place
    assert map.layout
    drawn = torch.Generator().manual_seed(0)  # one weight for all would miss what norms cancel
    weights = like(torch.rand(made.tensor.shape, generator=drawn), made.tensor)
    (gradient,) = torch.autograd.grad(
        [GradientEdge(*made.place)],
        [GradientEdge(*map.place)],
        grad_outputs=[weights * chosen[None, :, None]],
        retain_graph=True,
    )
    return channels_first(gradient, map.layout)[0].ne(0).any(0)
