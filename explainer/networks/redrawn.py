"""The same network with other weights: drawn anew, as if nothing was learnt; or in float32."""

import math

import torch
from torch import Tensor, nn

from explainer.errors import ExplainerError
from explainer.passes.copies import copied


def redrawn(module: nn.Module, seed: int) -> nn.Module:
    """A copy of `module` with every weight drawn anew from `seed`; the module stays as it is.

    Weights come from a normal distribution of variance 2 / fan-in (He et al., arXiv 1502.01852),
    biases are 0, and normalisations pass their input on, so that activations keep their scale.
    """
    twin = _twin(module, "re-draw its weights", "leave random_weights out")
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for child in twin.modules():
            redraw(child, generator)
    return twin.requires_grad_(False)


def widened(module: nn.Module) -> nn.Module:
    """The module itself; a float32 copy where it holds weights of half precision."""
    halves = (torch.float16, torch.bfloat16)
    kept = (*module.parameters(), *module.buffers())
    if not any(values.dtype in halves for values in kept):
        return module
    return _twin(module, "compute in float32", "make it float32 yourself: module.float()").float()


def _twin(module: nn.Module, purpose: str, fix: str) -> nn.Module:
    try:
        return copied(module)
    except (RuntimeError, TypeError) as error:
        raise ExplainerError(f"the network can't be copied to {purpose} ({error})", fix) from error


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
