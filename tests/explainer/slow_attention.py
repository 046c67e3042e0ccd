"""Slow forms of the methods that read attention: torchvision's transformer written out, with a
perturbation of each attention weight, and plain loops over what follows from it."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explainer import Network

from .small_transformers import vit

Map = NDArray[Any]
HEADS, WIDTH, SIDE = 2, 24, 4
TOKENS = 1 + SIDE * SIDE


class Written:
    """One image's pass: A of each block, what each block gives, and the scores.

    `moved[l]` (h×T×T) is added to the A of block l, so that ∂/∂moved[l] is ∂/∂A.
    """

    def __init__(self, module: Any, image: Tensor) -> None:
        self.module = module
        blocks = list(module.encoder.layers)
        self.moved = [torch.zeros(HEADS, TOKENS, TOKENS, requires_grad=True) for _ in blocks]
        patches = module._process_input(image[None])[0]
        x = torch.cat([module.class_token[0], patches]) + module.encoder.pos_embedding[0]
        self.weights: list[Tensor] = []
        self.blocks: list[Tensor] = []
        for block, moved in zip(blocks, self.moved, strict=True):
            x = x + self._attended(block, block.ln_1(x), moved)
            x = x + block.mlp(block.ln_2(x))
            self.blocks.append(x)
        self.scores = self.said_of(x[0])

    def _attended(self, block: Any, y: Tensor, moved: Tensor) -> Tensor:
        own, each = block.self_attention, WIDTH // HEADS
        q, k, v = (y @ own.in_proj_weight.T + own.in_proj_bias).split(WIDTH, 1)
        heads = []
        for head in range(HEADS):
            part = slice(head * each, (head + 1) * each)
            heads.append(torch.softmax(q[:, part] @ k[:, part].T / each**0.5, 1))
        self.weights.append(torch.stack(heads).detach())
        seen = [(heads[h] + moved[h]) @ v[:, h * each : (h + 1) * each] for h in range(HEADS)]
        return torch.cat(seen, 1) @ own.out_proj.weight.T + own.out_proj.bias

    def said_of(self, token: Tensor) -> Tensor:
        """The scores that the head gives a token."""
        return self.module.heads(self.module.encoder.ln(token))

    def gradients(self, score: Tensor) -> list[Map]:
        found = torch.autograd.grad(score, self.moved, retain_graph=True, allow_unused=True)
        return [np.zeros(0) if one is None else one.numpy() for one in found]


class TransformerSubject:
    """A small transformer of torchvision's."""

    def __init__(self) -> None:
        self.module = vit()
        self.network = Network(self.module)


def of_patches(row: Map) -> Map:
    map = np.zeros((SIDE, SIDE))
    for i in range(SIDE):
        for j in range(SIDE):
            map[i, j] = row[1 + i * SIDE + j]
    return map


def rollout(subject: TransformerSubject, image: Tensor, target: int, _: dict[str, Any]) -> Map:
    product = np.eye(TOKENS)
    for weights in Written(subject.module, image).weights:
        product = (weights.double().numpy().mean(0) / 2 + np.eye(TOKENS) / 2) @ product
    return of_patches(product[0])


def generic(subject: TransformerSubject, image: Tensor, target: int, _: dict[str, Any]) -> Map:
    written = Written(subject.module, image)
    R = np.eye(TOKENS)
    pairs = zip(written.weights, written.gradients(written.scores[target]), strict=True)
    for weights, gradient in pairs:
        mean = np.maximum(gradient * weights.numpy(), 0).mean(0)
        R = R + mean @ R
    return of_patches((R - np.eye(TOKENS))[0])


def weighted(subject: TransformerSubject, image: Tensor, target: int, _: dict[str, Any]) -> Map:
    written = Written(subject.module, image)
    total = np.zeros(TOKENS)
    pairs = zip(written.weights, written.gradients(written.scores[target]), strict=True)
    for weights, gradient in pairs:
        for head in range(HEADS):
            for t in range(TOKENS):
                for s in range(TOKENS):
                    total[s] += float(weights[head, t, s]) * max(float(gradient[head, t, s]), 0.0)
    return of_patches(total / (len(written.weights) * HEADS * TOKENS))


def legrad(subject: TransformerSubject, image: Tensor, target: int, _: dict[str, Any]) -> Map:
    written = Written(subject.module, image)
    total = np.zeros(TOKENS)
    for number, tokens in enumerate(written.blocks):
        own = written.gradients(written.said_of(tokens.mean(0))[target])[number]
        for head in range(HEADS):
            for t in range(TOKENS):
                for s in range(TOKENS):
                    total[s] += max(float(own[head, t, s]), 0.0)
    return of_patches(total / (len(written.blocks) * HEADS * TOKENS))
