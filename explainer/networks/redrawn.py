"""The same network with other weights: what an explanation looks like when nothing was learnt."""

import math

import torch
from torch import Tensor, nn

from explainer.errors import ExplainerError
from explainer.layers import copied


def redrawn(module: nn.Module, seed: int) -> nn.Module:
    """A copy of `module` with every weight drawn anew from `seed`; the module stays as it is.

    Weights come from a normal distribution of variance 2 / fan-in (He et al., arXiv 1502.01852),
    biases are 0, and normalisations pass their input on, so that activations keep their scale.
    """
    try:
        twin = copied(module)
    except (RuntimeError, TypeError) as error:
        raise ExplainerError(
            f"the network can't be copied to re-draw its weights ({error})",
            "leave random_weights out",
        ) from error
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for child in twin.modules():
            redraw(child, generator)
    return twin.requires_grad_(False)


def redraw(module: nn.Module, generator: torch.Generator) -> None:
    """Draw the module's own weights anew, in place; those of its children stay."""
    if isinstance(module, nn.modules.batchnorm._NormBase):
        module.reset_running_stats()
    for name, weights in module.named_parameters(recurse=False):
        if weights.dim() >= 2:
            weights.copy_(_drawn(weights, generator))
        else:
            weights.fill_(0.0 if "bias" in name else 1.0)


def _drawn(weights: Tensor, generator: torch.Generator) -> Tensor:
    fan_in = weights[0].numel()
    drawn = torch.randn(weights.shape, generator=generator)
    return drawn * math.sqrt(2 / fan_in)
