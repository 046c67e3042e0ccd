"""How a score bends along a map: its second derivatives, times the map."""

import torch
from torch import Tensor

from explainer.passes.state import told

from .capture import Graph, independent


def bend(graph: Graph, scores: Tensor, address: str) -> tuple[Tensor, Tensor]:
    """g = ∂(Σ scores)/∂A and H·A, H = ∂g/∂A, at a map's address: both of its shape N×K×u×v."""
    map = graph.maps[address]
    if not scores.requires_grad:
        raise independent()
    graph.walk.rule = "gradient"
    with told(), torch.enable_grad():
        (gradient,) = torch.autograd.grad(scores.sum(), [map], create_graph=True, allow_unused=True)
        if gradient is None:
            raise independent()
        graph.refuse_unread([map], [gradient])
        if not gradient.requires_grad:  # the score is linear in the map
            return gradient, torch.zeros_like(gradient)
        (product,) = torch.autograd.grad(
            gradient, [map], map.detach(), retain_graph=True, allow_unused=True
        )
    return gradient.detach(), torch.zeros_like(gradient) if product is None else product
