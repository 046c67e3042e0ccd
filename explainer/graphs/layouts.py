"""Where the places of the photo lie in a layer's output, where its shape alone does not tell."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge

from explainer.errors import ExplainerError
from explainer.passes.grids import Arrangement, Grid, Tokens, channels_first, shape_shown

from .ancestry import ancestors
from .trail import Step, Trail


def layout_at(trail: Trail, address: str, said: Sequence[int] | None) -> Arrangement:
    """The layout of the output at `address`; `said`: the grid that the caller gave, if any."""
    step = trail.at(address)
    if step is not None and step.tensor.dim() == 3:
        return _tokens_at(trail, address, step, said)
    if step is None or step.layout is None:
        shape = shape_shown(step.tensor.shape) if step else "a map"
        raise ExplainerError(
            f'layer "{address}" gives {shape}, and which of its axes are the channels can\'t '
            "be told",
            "name a layer whose output is N×K×u×v",
        )
    return step.layout


def _tokens_at(trail: Trail, address: str, step: Step, said: Sequence[int] | None) -> Tokens:
    shape, count = shape_shown(step.tensor.shape), step.tensor.shape[1]
    _, found = tokens_of(trail, step)
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


def tokens_of(trail: Trail, step: Step) -> tuple[Step | None, Tokens | None]:
    """The tokens that those of `step` (N×T×K) began as, and how they lie; None where the pass does
    not show it.

    Tokens keep their order from block to block. It is read where the first T of them are made,
    each of one place of a map: what attention mixes later no longer shows it. ExplainerError where
    they do not follow the rows of the map.
    """
    count = step.tensor.shape[1]
    if len(step.tensor) != trail.images or count == step.tensor.shape[2]:
        return None, None  # no row for each image; or T×K may as well be K×T
    made_of = ancestors([step.tensor])
    maps: dict[Grid, Step] = {}
    for made in trail.steps:
        if made.is_map and made.learned and made.grid:
            maps[made.grid] = made
        elif made.place in made_of and made.tensor.dim() == 3 and made.tensor.shape[1] == count:
            before = ancestors([made.tensor])
            found = [_laid_out(made, map) for map in maps.values() if map.place in before]
            if found:
                return made, next((tokens for tokens in found if tokens), None)
    return None, None


def mixed(trail: Trail, step: Step) -> bool:
    """Whether each token of `step` was made of more than one place of the last learnt map."""
    before = ancestors([step.tensor])
    maps = [one for one in trail.steps if one.is_map and one.learned and one.place in before]
    numbers = torch.arange(step.tensor.shape[1], device=step.tensor.device)
    first = _touched(step, maps[-1], numbers == numbers[-1])
    return int(first.sum()) > 1


def _laid_out(made: Step, map: Step) -> Tokens | None:
    """How the tokens lie that were made of one place of `map` each; None where of several.

    Which token a place went into is read digit by digit in base two: a place that reaches tokens
    with this digit and tokens without it has reached two.
    """
    assert map.grid is not None
    (u, v), count = map.grid, made.tensor.shape[1]
    numbers = torch.arange(count, device=made.tensor.device)
    went_into = numbers.new_zeros(u, v)
    for digit in range((count - 1).bit_length()):
        chosen = (numbers >> digit) % 2 == 1
        reached = _touched(made, map, chosen)
        if not torch.equal(reached, ~_touched(made, map, ~chosen)):
            return None
        went_into += reached.long() << digit
    first = int(went_into[0, 0])
    if not torch.equal(went_into.flatten(), first + numbers[: u * v]):
        raise ExplainerError(
            f"the network's {count} tokens do not follow the rows of its {u}×{v} patches",
            "name a layer that gives a map, or use a method without a layer, such as occlusion",
        )
    return Tokens(u, v, first, count - first - u * v)


def _touched(made: Step, map: Step, chosen: Tensor) -> Tensor:
    """u×v: the places of `map` that the chosen of the tokens depend on."""
    assert made.place
    assert map.place
    assert map.layout
    drawn = torch.Generator().manual_seed(0)  # one weight for all would miss what norms cancel
    weights = torch.rand(made.tensor.shape, generator=drawn).to(made.tensor)
    (gradient,) = torch.autograd.grad(
        [GradientEdge(*made.place)],
        [GradientEdge(*map.place)],
        grad_outputs=[weights * chosen[None, :, None]],
        retain_graph=True,
    )
    return channels_first(gradient, map.layout)[0].ne(0).any(0)
