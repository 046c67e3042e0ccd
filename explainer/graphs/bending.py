"""How a score bends along a map: its second derivatives, times the map."""

import torch
from torch import Tensor

from explainer.errors import ExplainerError
from explainer.passes.state import told

from .ancestry import ancestors
from .capture import Graph, independent


def bend(graph: Graph, scores: Tensor, address: str) -> tuple[Tensor, Tensor]:
    """g = ∂(Σ scores)/∂A and H·A, H = ∂g/∂A, at a map's address: both of its shape N×K×u×v."""
    map = graph.maps[address]
    if not scores.requires_grad:
        raise independent()
    graph.walk.rule = "gradient"
    with told(), torch.enable_grad():
        # Of a seed that is derived too: PyTorch marks what can be derived only once by its seed
        seed = torch.ones_like(scores, requires_grad=True)
        (gradient,) = torch.autograd.grad(
            [scores], [map], [seed], create_graph=True, allow_unused=True
        )
        if gradient is None:
            raise independent()
        graph.refuse_unread([map], [gradient])
        _refuse_once_differentiable(gradient)
        (product,) = torch.autograd.grad(
            gradient, [map], map.detach(), retain_graph=True, allow_unused=True
        )
    linear = product is None  # in the map
    return gradient.detach(), torch.zeros_like(gradient) if linear else product


def _refuse_once_differentiable(gradient: Tensor) -> None:
    """Refuse a gradient part of which PyTorch cut off: what bends there would be left out."""
    if any(node.name().endswith("Error") for node, _ in ancestors([gradient])):
        raise ExplainerError(
            "shapley_cam needs second derivatives, and the network has a function of its own that "
            "can be differentiated only once",
            "use grad_cam",
        )
