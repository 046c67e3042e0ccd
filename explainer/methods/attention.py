"""What a transformer's attention says: rollout, gradient × attention, Chefer et al. and LeGrad.

A is N×h×T×T for each block: row t holds the shares at which token t takes the values of all tokens.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor

from explainer.errors import ExplainerError
from explainer.graphs.blocks import OTHER_METHODS, Blocks

from .base import Method, NoSettings, Work, full_precision

Kind = Literal["rollout", "gradient", "generic", "legrad"]


def rollout(attentions: Sequence[Tensor], rows: Sequence[int]) -> Tensor:
    """The mean over `rows` of Π_l ½(mean_h A_l + I): N×h×T×T each → N×T."""
    row = _start(attentions[0], rows)
    for weights in reversed(attentions):
        row = (row + _through(row, weights.mean(1))) / 2
    return row


def generic_relevance(
    attentions: Sequence[Tensor], gradients: Sequence[Tensor], rows: Sequence[int]
) -> Tensor:
    """The mean over `rows` of R − I: R = I, and by depth R ← R + mean_h ReLU(∇A ⊙ A) R: → N×T.

    I is no evidence: of a network that reads the mean of its patches it would lie on each of them.
    """
    row = _start(attentions[0], rows)
    gained = torch.zeros_like(row)
    for weights, gradient in zip(reversed(attentions), reversed(gradients), strict=True):
        passed = _through(row, torch.relu(gradient * weights).mean(1))
        row, gained = row + passed, gained + passed
    return gained


def weighted_attention(attentions: Sequence[Tensor], gradients: Sequence[Tensor]) -> Tensor:
    """The mean over blocks, heads and rows of A ⊙ ReLU(∇A): N×h×T×T each → N×T."""
    pairs = zip(attentions, gradients, strict=True)
    found = [(weights * torch.relu(gradient)).mean((1, 2)) for weights, gradient in pairs]
    return torch.stack(found).mean(0)


def formation(gradients: Sequence[Tensor]) -> Tensor:
    """The mean over blocks, heads and rows of ReLU(∇A): N×h×T×T each → N×T."""
    return torch.stack([torch.relu(gradient).mean((1, 2)) for gradient in gradients]).mean(0)


def _start(weights: Tensor, rows: Sequence[int]) -> Tensor:
    row = weights.new_zeros(len(weights), weights.shape[-1])
    row[:, list(rows)] = 1 / len(rows)
    return row


def _through(row: Tensor, weights: Tensor) -> Tensor:
    return torch.einsum("nt,nts->ns", row, weights)


def of_tokens(kind: Kind, work: Work, k: int) -> Tensor:
    """N×T: what each token is worth to the k-th target."""
    attentions, rows = _attentions(work), _blocks(work).rows
    if kind == "rollout":
        return rollout(attentions, rows)
    if kind == "gradient":
        return weighted_attention(attentions, _gradients(work, k))
    if kind == "generic":
        return generic_relevance(attentions, _gradients(work, k), rows)
    return formation(_own_gradients(work, k))


def found_once(kind: Kind, work: Work, k: int) -> Tensor:
    return work.once(("tokens", kind, k), lambda: of_tokens(kind, work, k))


def map_of(kind: Kind, work: Work, settings: NoSettings, k: int) -> Tensor:
    """N×u×v: of all tokens the patches, in rows."""
    (u, v, prefix, _), values = _blocks(work).tokens, found_once(kind, work, k)
    return values[:, prefix : prefix + u * v].reshape(-1, u, v)


def checks_of(kind: Kind, work: Work, settings: NoSettings, k: int) -> dict[str, Tensor]:
    """What share of all tokens' sum is on the map; the rest is the class's and registers' own."""
    (u, v, prefix, _), values = _blocks(work).tokens, found_once(kind, work, k)
    whole, shown = values.sum(1), values[:, prefix : prefix + u * v].sum(1)
    return {"share_of_patches": shown / whole.clamp_min(torch.finfo(whole.dtype).tiny)}


def _blocks(work: Work) -> Blocks:
    assert work.graph.blocks is not None
    return work.graph.blocks


def _attentions(work: Work) -> list[Tensor]:
    return work.once(
        "attentions", lambda: [_by_heads(one.detach()) for one in work.graph.attentions]
    )


def _by_heads(weights: Tensor) -> Tensor:
    """N×h×T×T of one head's N×T×T too, in full precision."""
    return full_precision(weights.reshape(len(weights), -1, *weights.shape[-2:]))


def _gradients(work: Work, k: int) -> list[Tensor]:
    """∂y/∂A of each block, by one walk back."""

    def found() -> list[Tensor]:
        with torch.enable_grad():
            scores = work.scores(k)
        gradients = work.graph.gradients(scores, work.graph.attentions, "gradient")
        return [_by_heads(gradient) for gradient in gradients]

    return work.once(("gradients of attention", k), found)


def _own_gradients(work: Work, k: int) -> list[Tensor]:
    """∂s_l/∂A_l of each block l: s_l is what the head says of the mean of that block's tokens."""
    if not _blocks(work).outputs:
        raise ExplainerError(
            "the output of each block can't be told apart from the network's head (as when there "
            "is only one block)",
            f"use generic_attention, or {OTHER_METHODS}",
        )
    outputs = work.once("outputs of blocks", work.graph.outputs_of_blocks)
    found = []
    for output, weights in zip(outputs, work.graph.attentions, strict=True):
        with torch.enable_grad():
            scores = work.targets.scores(output, k)
        found += work.graph.gradients(scores, [weights], "gradient")
    return [_by_heads(gradient) for gradient in found]


def _method(name: str, kind: Kind, **said: Any) -> Method:
    return Method(
        name=name,
        compute=partial(map_of, kind),
        checks=partial(checks_of, kind),
        layer="none",
        attention=True,
        **said,
    )


ROLLOUT = _method(
    "attention_rollout",
    "rollout",
    family="control",
    formula="L = a row of Π_l ½(mean_h A_l + I)",
    paper="Abnar and Zuidema, Quantifying Attention Flow in Transformers, arXiv 2005.00928",
    cost="1 forward; the same map for every class",
    depends_on=frozenset({"network", "photo"}),
)
GRADIENT_ATTENTION = _method(
    "gradient_attention",
    "gradient",
    family="attention",
    formula="L_s = mean over l, h, t of A_ts ReLU(∂y/∂A_ts)",
    paper="Barkan et al., Grad-SAM, arXiv 2204.11073",
    cost="1 forward, 1 backward to the first attention",
)
GENERIC_ATTENTION = _method(
    "generic_attention",
    "generic",
    family="attention",
    formula="L = a row of R − I, by depth R ← R + mean_h ReLU(∂y/∂A ⊙ A) R, from I",
    paper="Chefer et al., Generic Attention-model Explainability, arXiv 2103.15679",
    cost="1 forward, 1 backward to the first attention",
)
LEGRAD = _method(
    "legrad",
    "legrad",
    family="attention",
    formula="L_s = mean over l, h, t of ReLU(∂y_l/∂A_ts), y_l: the head on block l's mean token",
    paper="Bousselham et al., LeGrad, arXiv 2404.03214",
    cost="1 forward, 1 backward through each block, and the head once for each",
)
