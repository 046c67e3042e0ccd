"""However a ReLU is put together: right by the slow reference, or refused in one sentence."""

from collections.abc import Callable

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from explainer import ExplainerError, Network, explain
from tests.explainer.references import pixel_map, slow_relu
from tests.explainer.small_networks import Convolutions, noise, seeded, with_relu

Call = Callable[[Tensor], Tensor]
ZEROS: list[Callable[[Tensor], object]] = [
    lambda x: 0,
    lambda x: 0.0,
    lambda x: torch.zeros(()),
    lambda x: torch.zeros(1),
    torch.zeros_like,
    lambda x: x.new_zeros(x.shape[-1]),
]
MASKS: list[Call] = [
    lambda x: x > 0,
    lambda x: x.gt(0),
    lambda x: torch.ge(x, 0),
    lambda x: ~(x < 0),
    lambda x: torch.logical_not(x <= 0),
    lambda x: x.detach() > 0,
    lambda x: (x > 0) & (x == x),
    lambda x: torch.sign(x.detach()) > 0,
    lambda x: torch.lt(torch.zeros(()), x),
]
KINDS: list[Call] = [
    lambda m: m,
    lambda m: m.float(),
    lambda m: m.to(torch.float32),
    lambda m: m.int(),
    lambda m: m + 0.0,
    lambda m: m.clone(),
]
CHANGES: list[Call] = [
    lambda x: x,
    lambda x: x.clone(),
    lambda x: x.view_as(x),
    lambda x: x.contiguous(),
    lambda x: x * 1.0,
    lambda x: x + 0,
    lambda x: x.flatten(1).view(x.shape),
    lambda x: x.transpose(0, 1).transpose(0, 1),
    torch.nan_to_num,
]


def set_where(x: Tensor, mask: Tensor) -> Tensor:
    x = x.clone()
    x[~mask.bool()] = 0
    return x


USES: list[Callable[[Tensor, Tensor, object], Tensor]] = [
    lambda x, mask, zero: x * mask,
    lambda x, mask, zero: mask * x,
    lambda x, mask, zero: torch.mul(x, mask),
    lambda x, mask, zero: torch.where(mask.bool(), x, zero),
    lambda x, mask, zero: torch.where(mask == 0, zero, x),
    lambda x, mask, zero: x.masked_fill(~mask.bool(), 0),
    lambda x, mask, zero: x.clone().mul_(mask),
    lambda x, mask, zero: x - x * ~mask.bool(),
    lambda x, mask, zero: x / torch.where(mask.bool(), 1.0, torch.inf),
    lambda x, mask, zero: torch.clamp(x, min=zero),
    lambda x, mask, zero: torch.maximum(x, torch.as_tensor(zero, dtype=x.dtype)),
    lambda x, mask, zero: torch.fmax(torch.as_tensor(zero, dtype=x.dtype), x),
    lambda x, mask, zero: -torch.clamp(-x, max=zero),
    lambda x, mask, zero: torch.relu(x) * mask,
    lambda x, mask, zero: (x.abs() + x) * 0.5,
    lambda x, mask, zero: x + torch.relu(-x),
    lambda x, mask, zero: functional.leaky_relu(x, 0.0),
    lambda x, mask, zero: functional.hardtanh(x, 0, 1e9),
    lambda x, mask, zero: set_where(x, mask),
]


def asked(network: nn.Module, images: Tensor, targets: list[int], rule: str) -> Tensor | str:
    """The map, or what the refusal says."""
    try:
        return explain(Network(network), images, targets, [rule])[rule]
    except ExplainerError as error:
        return str(error)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    st.sampled_from(CHANGES),
    st.sampled_from(MASKS),
    st.sampled_from(KINDS),
    st.sampled_from(USES),
    st.sampled_from(ZEROS),
    st.sampled_from(["guided_backprop", "deconvnet"]),
)
def test_however_a_relu_is_put_together_it_is_right_or_refused(
    change: Call, mask: Call, kind: Call, use: object, zero: object, rule: str
) -> None:
    def spelt(x: Tensor) -> Tensor:
        x = change(x)
        return use(x, kind(mask(x)), zero(x))

    network = seeded(Convolutions, spelt)
    images, targets = noise(2, 3, 9, 9), [3, 1]
    torch.testing.assert_close(network(images), with_relu(network, torch.relu)(images))
    found = asked(network, images, targets, rule)
    if isinstance(found, str):
        assert "guided backpropagation and deconvnet" in found
        return
    expected = pixel_map(with_relu(network, slow_relu(rule)), images, targets)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-7)
