"""How the images of further passes lie in memory: channels last, where a network bears it.

Convolutions on a processor then spare themselves a copy of each map on its way in and out: masked
passes take four fifths of the time, passes with a gradient nine tenths.
"""

import torch
from torch import Tensor, nn

from explainer.graphs.capture import Graph
from explainer.passes.devices import like
from explainer.passes.mixing import tensors_of
from explainer.passes.state import passing

from .network import Network

# Of the length of outputs or gradient. Another layout takes other kernels, whose rounding may open
# a rectifier that stands at 0; values in a wrong order are off by about their length.
ROUNDING = 1e-2


def laid_out(asked: Network, inputs: Tensor, *, graph: bool) -> Tensor:
    """P×C×H×W inputs, the same values, as the pass of `asked` takes them best.

    One image stays as it is: convolutions win nothing, and PyTorch derives a normalisation of one
    image wrongly in some layouts (`passes.strides`). Images on a card stay too: what they would
    win there depends on the card and the type, and has not been measured (decision 548). The check
    itself runs wherever the images lie. `graph`: whether the pass is walked back.
    """
    plain = inputs.device.type != "cpu" or inputs.dtype != torch.float32
    if plain or inputs.dim() != 4 or len(inputs) < 2 or type(asked) is not Network:
        return inputs
    key = ("channels last", inputs.shape[1:], asked._form, graph)
    if key not in asked._found:
        convolves = any(isinstance(child, nn.Conv2d) for child in asked.module.modules())
        asked._found[key] = convolves and bears_both(asked.of([0, 1]), inputs, graph=graph)
    return in_last(inputs) if asked._found[key] else inputs


def in_last(inputs: Tensor) -> Tensor:
    return inputs.contiguous(memory_format=torch.channels_last)


def bears_both(pair: Network, inputs: Tensor, *, graph: bool) -> bool:
    """Whether two images of grain have the same outputs, and gradients, in either layout.

    Code that reads a tensor's memory rather than its values may not: that shows as an error or as
    another answer. Grain, as on an even photo places and channels could be mixed up unseen.
    """
    drawn = torch.randn(2, *inputs.shape[1:], generator=torch.Generator().manual_seed(0))
    grain = like(drawn, inputs)
    look = _walked if graph else _answers
    plain = look(pair, grain)
    try:
        last = look(pair, in_last(grain))
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, AssertionError):  # such as `view` of what does not lie as it expects
        return False
    shapes = [[one.shape for one in found] for found in (plain, last)]
    return shapes[0] == shapes[1] != [] and all(map(_same, plain, last))


def _answers(pair: Network, images: Tensor) -> list[Tensor]:
    with torch.no_grad(), passing(pair.module):
        return list(tensors_of(pair.run(images)))


def _walked(pair: Network, images: Tensor) -> list[Tensor]:
    """The outputs, and the gradient of a sum of them in which nothing cancels."""
    graph = Graph(pair.module, images, (), run=pair.run, pixels=True)
    outputs = list(tensors_of(graph.outputs))
    with torch.enable_grad():
        scores = torch.stack([(out * _waves(out)).sum() for out in outputs])
    gradient = graph.gradients(scores, [graph.images], "gradient", last=True)
    return [out.detach() for out in outputs] + gradient


def _waves(out: Tensor) -> Tensor:
    return torch.arange(out.numel(), device=out.device).cos().view(out.shape)


def _same(plain: Tensor, last: Tensor) -> bool:
    """Whether the two are the same but for rounding, and tell the images apart."""
    apart = len(plain) == 2 and bool((plain[0] != plain[1]).any())
    off, whole = (plain - last).double().norm(), plain.double().norm()
    return apart and bool(torch.isfinite(whole)) and bool(off <= ROUNDING * whole)
