"""Whether a network answers an image alike, whatever images come with it and in which place.

Batches are cut to a budget, photos of a study come together by chance, and masked variants of
several images share a pass: all of that is right only for networks of which this is true.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from explainer.errors import ExplainerError

from .grids import shape_shown
from .state import passing

FIX = (
    "give what belongs to each image as its context (Network(…, call=…), explain(…, context=…)), "
    "and let call read the n-th entry for the n-th image; or, where there is no context, ask for "
    "methods of one pass, with memory for the whole batch"
)
Answers = Callable[[Sequence[int], Tensor], Any]
ROUNDING = 1e-3  # of the largest output; other batch sizes take other kernels
TF32 = 2.0**-10


def refuse_mixing(module: nn.Module, image: Tensor, outputs: Any, answers: Answers) -> None:
    """Refuse a network that answers otherwise than with `outputs` where the image has company.

    Two further passes: of another image alone, and of this other one with twice the image
    (1×C×H×W). All three rows are compared, so that it shows whichever of them a network takes for
    all: its values, or its question. `answers(rows, images)` gives what the network says to images
    that are asked what the image (0) and the other (1) are asked.
    """
    if image.device.type == "meta":  # shapes without values: there is nothing to compare
        return
    other = _unlike(image)
    with torch.no_grad(), passing(module):
        apart = answers([1], other.clone())
    with torch.no_grad(), passing(module):
        among = list(tensors_of(answers([1, 0, 0], torch.cat([other, image, image]))))
    for single, rows in ((outputs, (1, 2)), (apart, (0,))):
        known = list(tensors_of(single))
        if len(known) != len(among):
            raise _mixed("gives a different form of output for several images")
        for own, several in zip(known, among, strict=True):
            _compare(own, several, rows)


def _unlike(image: Tensor) -> Tensor:
    """An image that moves whatever is taken of a batch: its mean, spread, least and largest value.

    Three columns of four lie above all of `image`, the fourth below.
    """
    beyond = 1 + image.abs().amax()
    below = torch.arange(image.shape[-1], device=image.device) % 4 == 3
    return image.flip(-1) / 2 + torch.where(below, -beyond, beyond)


def _compare(single: Tensor, several: Tensor, rows: Sequence[int]) -> None:
    if single.dim() == 0 or len(single) != 1 or len(several) != 3:
        shapes = f"{shape_shown(single.shape)} for one image and {shape_shown(several.shape)}"
        raise ExplainerError(
            f"the network gives {shapes} for three, not a row for each image",
            "wrap it in a module that gives a row for each image",
        )
    alone = single[0].double().nan_to_num()
    if not alone.numel():
        return  # no answers: whoever reads them says so
    scale = float(alone.abs().max())
    for row in rows:
        if (
            float((several[row].double().nan_to_num() - alone).abs().max())
            > _rounding(single) * scale
        ):
            raise _mixed("answers an image differently alone than among others")


def _rounding(outputs: Tensor) -> float:
    coarse = outputs.is_cuda and torch.backends.cuda.matmul.allow_tf32
    step = TF32 if coarse else torch.finfo(outputs.dtype).eps
    return max(ROUNDING, 16 * step)


def _mixed(what: str) -> ExplainerError:
    return ExplainerError(
        f"the network {what}, so its batch can't be split or filled with variants",
        FIX,
    )


def tensors_of(outputs: Any) -> Iterator[Tensor]:
    """The floating-point tensors of an output of any form."""
    if isinstance(outputs, Tensor):
        if outputs.is_floating_point():
            yield outputs
    elif isinstance(outputs, Mapping):
        yield from tensors_of(list(outputs.values()))
    elif isinstance(outputs, (tuple, list)):
        for output in outputs:
            yield from tensors_of(output)


@contextmanager
def alone(images: Tensor) -> Iterator[None]:
    """A pass of fewer images than `images`: where it fails, the network needs all of them."""
    try:
        yield
    except RuntimeError as error:
        if len(images) == 1 or isinstance(error, torch.OutOfMemoryError) or "alloc" in str(error):
            raise
        reason = str(error).splitlines()[0]
        raise ExplainerError(
            f"the network can't be asked about some of its {len(images)} images alone ({reason})",
            f'{FIX}; name the layer too: layer="…"',
        ) from error
