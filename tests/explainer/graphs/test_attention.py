"""Attention in the open gives what PyTorch's kernels give, with A in the graph of the score."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from explainer import ExplainerError, Network, explain
from explainer.graphs.attention import Attentions
from explainer.networks.network import Network as Asked
from tests.explainer.small_networks import noise, seeded
from tests.explainer.small_transformers import TRANSFORMERS, vit

SOME = torch.tensor([[True, False, True], [False, True, True], [True, True, True]])


def opened(run: Callable[..., Any], *given: Tensor) -> tuple[Any, Attentions]:
    mode = Attentions()
    with mode:
        out = run(*given)
    return out, mode


def same_with_gradients(run: Callable[..., Tensor], *given: Tensor) -> Attentions:
    """That `run` gives the same in the open, of the same gradients; and what was met."""
    leaves = [one.clone().requires_grad_() for one in given]
    expected = run(*leaves)
    found, mode = opened(run, *leaves)
    torch.testing.assert_close(found, expected)
    drawn = noise(*expected.shape, seed=9)
    wanted = torch.autograd.grad((expected * drawn).sum(), leaves, allow_unused=True)
    theirs = torch.autograd.grad((found * drawn).sum(), leaves, allow_unused=True)
    for one, other in zip(theirs, wanted, strict=True):
        torch.testing.assert_close(one, other)
    return mode


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"attn_mask": SOME},
        {"attn_mask": SOME[None, None].expand(2, 4, 3, 3)},
        {"attn_mask": noise(3, 3, seed=3)},
        {"attn_mask": noise(2, 1, 3, 3, seed=3)},
        {"attn_mask": noise(3, 3).masked_fill(~SOME, -torch.inf)},
        {"attn_mask": torch.tensor([[True] * 3, [False] * 3, [True] * 3])},
        {"is_causal": True},
        {"scale": 0.3},
        {"dropout_p": 0.0, "is_causal": False, "scale": None},
    ],
)
def test_scaled_dot_products_are_those_of_the_kernel(asked: dict[str, Any]) -> None:
    heads = [noise(2, 4, 3, 8, seed=seed) for seed in range(3)]
    mode = same_with_gradients(
        lambda q, k, v: functional.scaled_dot_product_attention(q, k, v, **asked), *heads
    )
    (met,) = mode.met
    assert met.weights.shape == (2, 4, 3, 3)
    torch.testing.assert_close(met.result, met.weights @ met.value)
    sums = met.weights.detach().sum(-1)
    assert ((sums - 1).abs() < 1e-5).logical_or(sums == 0).all()


def test_queries_that_share_keys_in_groups_are_met_head_by_head() -> None:
    q, k, v = noise(2, 6, 5, 8), noise(2, 2, 5, 8, seed=1), noise(2, 2, 5, 8, seed=2)
    mode = same_with_gradients(
        lambda *heads: functional.scaled_dot_product_attention(*heads, enable_gqa=True), q, k, v
    )
    assert mode.met[0].weights.shape == (2, 6, 5, 5)


def test_keys_of_another_number_than_the_queries_and_positional_arguments_are_met() -> None:
    q, k, v = noise(2, 2, 3, 8), noise(2, 2, 7, 8, seed=1), noise(2, 2, 7, 4, seed=2)
    mask = noise(3, 7)
    mode = same_with_gradients(
        lambda *heads: functional.scaled_dot_product_attention(*heads, mask, 0.0, False), q, k, v
    )
    assert mode.met[0].weights.shape == (2, 2, 3, 7)


PADDED = torch.tensor([[False, False, True], [False, False, False]])
MULTI_HEAD: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "plain": ({}, {}),
    "batch second": ({"batch_first": False}, {}),
    "without a bias": ({"bias": False}, {}),
    "a mask": ({}, {"attn_mask": ~SOME}),
    "a mask of numbers": ({}, {"attn_mask": noise(3, 3)}),
    "a mask for each head": ({}, {"attn_mask": noise(8, 3, 3)}),
    "padded keys": ({}, {"key_padding_mask": PADDED}),
    "padded keys by numbers": ({}, {"key_padding_mask": PADDED.float() * -2}),
    "both masks": ({}, {"key_padding_mask": PADDED, "attn_mask": ~SOME}),
    "causal": ({}, {"is_causal": True, "attn_mask": torch.ones(3, 3).triu(1).bool()}),
    "a key of zeros": ({"add_zero_attn": True}, {"attn_mask": ~SOME}),
    "a key of its own": ({"add_bias_kv": True}, {"key_padding_mask": PADDED}),
    "other widths": ({"kdim": 8, "vdim": 8}, {}),
}


@pytest.mark.parametrize("weights", ["mean", "heads", "none"])
@pytest.mark.parametrize("name", MULTI_HEAD)
def test_multi_head_attention_gives_what_it_gives(name: str, weights: str) -> None:
    made, asked = MULTI_HEAD[name]
    module = seeded(nn.MultiheadAttention, 8, 4, **{"batch_first": True, **made})
    asked = {**asked, "need_weights": weights != "none", "average_attn_weights": weights == "mean"}
    tokens = noise(2, 3, 8) if module.batch_first else noise(3, 2, 8)
    mode = same_with_gradients(lambda x: module(x, x, x, **asked)[0], tokens)
    extra = name in ("a key of zeros", "a key of its own")
    assert [one.weights.shape for one in mode.met] == [(2, 4, 3, 3 + extra)]
    (_, theirs), ours = module(tokens, tokens, tokens, **asked), mode.met[0].weights
    with Attentions():
        _, given = module(tokens, tokens, tokens, **asked)
    torch.testing.assert_close(given, theirs)
    if weights == "heads":
        torch.testing.assert_close(ours, theirs)


class Counted(TorchDispatchMode):
    """How often each kernel runs, and over how many matrices each batch of products goes."""

    def __init__(self) -> None:
        super().__init__()
        self.kernels: Counter[str] = Counter()
        self.matrices: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        self.kernels[name] += 1
        if name == "bmm":
            self.matrices.add(len(args[0]))
        return func(*args, **(kwargs or {}))


def test_tokens_of_a_batch_are_projected_by_one_product_each_way() -> None:
    """PyTorch's own projection takes 7 small products here, one for each token."""
    module = seeded(nn.MultiheadAttention, 8, 4, batch_first=True).requires_grad_(False)
    tokens = noise(2, 7, 8).requires_grad_()
    with Counted() as counted:
        out, mode = opened(lambda x: module(x, x, x, need_weights=False)[0], tokens)
        torch.autograd.grad(out.sum(), tokens)
    assert mode.met[0].weights.shape == (2, 4, 7, 7)
    assert counted.matrices == {2 * 4}  # of attention itself, by image and head
    assert not counted.kernels["select_backward"]  # each would fill a buffer with zeros
    assert counted.kernels["_softmax"] == 1
    assert not counted.kernels["_safe_softmax"]  # no row can be empty


def test_tokens_of_one_image_without_a_batch_are_met_too() -> None:
    module, tokens = seeded(nn.MultiheadAttention, 8, 4), noise(3, 8)
    same_with_gradients(lambda x: module(x, x, x)[0], tokens)
    found, _ = opened(lambda x: module(x, x, x), tokens)
    torch.testing.assert_close(found, module(tokens, tokens, tokens))


@pytest.mark.parametrize("norm_first", [True, False])
def test_the_fast_path_in_evaluation_mode_hides_no_attention(norm_first: bool) -> None:
    layer = seeded(nn.TransformerEncoderLayer, 8, 4, 16, batch_first=True, norm_first=norm_first)
    module, tokens = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), noise(2, 5, 8)
    module.eval()
    with torch.no_grad():
        expected = module(tokens)
        found, mode = opened(module, tokens)
    torch.testing.assert_close(found, expected)
    assert [one.weights.shape for one in mode.met] == [(2, 4, 5, 5)] * 2


def test_attention_that_is_dropped_at_random_is_refused() -> None:
    heads = noise(1, 2, 3, 8)
    with pytest.raises(ExplainerError, match=r"at random.*dropout_p=0"):
        opened(lambda q: functional.scaled_dot_product_attention(q, q, q, dropout_p=0.1), heads)


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_a_pass_in_the_open_gives_what_the_network_gives(name: str) -> None:
    module, images = TRANSFORMERS[name](), noise(2, 3, 32, 32)
    graph = Asked(module).attention_graph(images)
    torch.testing.assert_close(graph.outputs, module(images))
    assert len(graph.attentions) == 2
    for weights in graph.attentions:
        assert weights.requires_grad
        torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:-1]))


def test_a_network_of_frozen_weights_is_met_from_its_first_attention_on() -> None:
    module, images = vit(), noise(2, 3, 32, 32)
    expected = explain(Network(module), images, [1, 2], ["generic_attention", "legrad"])
    module.requires_grad_(False)
    found = explain(Network(module), images, [1, 2], ["generic_attention", "legrad"])
    for name in found.maps:
        # What multiplies weights that need a gradient may round otherwise, on some processors
        torch.testing.assert_close(found[name], expected[name])


def test_other_methods_maps_are_the_same_to_the_bit_beside_attention() -> None:
    network, images = Network(vit()), noise(3, 3, 32, 32)
    names = ["grad_cam", "gradient", "occlusion"]
    settings = {"occlusion": {"patch": 8, "stride": 8}}
    alone = explain(network, images, None, names, settings=settings)
    mixed = ["legrad", "grad_cam", "attention_rollout", "gradient", "occlusion"]
    beside = explain(network, images, None, mixed, settings=settings)
    assert list(beside.maps) == mixed
    assert torch.equal(beside.outputs, alone.outputs)
    for name in names:
        assert torch.equal(beside[name], alone[name])
