"""What was met by no rule is found in the autograd graph, and refused by name."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explainer import ExplainerError, Network, explain
from explainer.graphs.ancestry import calls_between, name_of
from tests.explainer.references import pixel_map, slow_relu
from tests.explainer.small_networks import Convolutions, noise, seeded, small, with_relu
from tests.explainer.spellings import SMOOTH, UNREAD, Call, halves, made_again

GUIDED = ("guided_backprop", "deconvnet")


@pytest.mark.parametrize("rule", GUIDED)
@pytest.mark.parametrize("spelling", UNREAD)
def test_a_relu_that_no_rule_meets_is_refused_by_name(spelling: str, rule: str) -> None:
    relu, named = UNREAD[spelling]
    network = Network(seeded(Convolutions, relu))
    for _ in range(3):  # scripted functions change their form after their first calls
        with pytest.raises(ExplainerError, match=named):
            explain(network, noise(2, 3, 9, 9), [3, 1], [rule])


def test_a_mask_of_other_values_is_no_relu() -> None:
    network = Network(seeded(Convolutions, lambda x: x * (torch.roll(x, 1, -1) > 0)))
    with pytest.raises(ExplainerError, match="product with a mask"):
        explain(network, noise(2, 3, 9, 9), [3, 1], ["guided_backprop"])


class OneOther(Convolutions):
    """Every activation is a ReLU but the second."""

    def __init__(self, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__(functional.relu)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(self.relu(self.first(x)), 2, ceil_mode=True)
        x = functional.adaptive_avg_pool2d(self.activation(self.second(x)), 4)
        return self.head(self.relu(self.hidden(x.flatten(1))))


@pytest.mark.parametrize("activation", SMOOTH)
def test_an_activation_written_by_hand_is_refused_beside_relus(activation: str) -> None:
    network = Network(seeded(OneOther, SMOOTH[activation]))
    with pytest.raises(ExplainerError, match=r"rectifies by .*use a CAM method or gradient"):
        explain(network, noise(2, 3, 9, 9), [3, 1], ["guided_backprop"])
    assert explain(network, noise(2, 3, 9, 9), [3, 1], ["gradient"])["gradient"].any()


class Normalised(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(1, keepdim=True)
        spread = (x - mean).pow(2).mean(1, keepdim=True)
        return (x - mean) / torch.sqrt(spread + 1e-6)


class Responses(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        lengths = x.norm(p=2, dim=(2, 3), keepdim=True)
        return x * (lengths / (lengths.mean(1, keepdim=True) + 1e-6)) + x


class Excited(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fewer, self.again = nn.Conv2d(8, 4, 1), nn.Conv2d(4, 8, 1)
        self.relu: Callable[[Tensor], Tensor] = functional.relu

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.relu(self.fewer(x.mean((2, 3), keepdim=True)))
        return x * torch.sigmoid(self.again(pooled))


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.flatten(2).transpose(1, 2)
        tokens = tokens + self.attention(tokens, tokens, tokens)[0]
        return tokens.transpose(1, 2).reshape(x.shape)


class MaskedAttention(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        tokens = x.flatten(2)
        near = torch.eye(8, dtype=torch.bool)
        weights = (tokens @ tokens.transpose(1, 2)).masked_fill(near, -1e9).softmax(-1)
        return x + (weights @ tokens).view(x.shape)


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.gru = (kind(8, 8, batch_first=True) for kind in (nn.LSTM, nn.GRU))

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.flatten(2).transpose(1, 2)
        return self.gru(self.lstm(tokens)[0])[0].transpose(1, 2).reshape(x.shape)


class Masked(nn.Module):
    """A mask of the network's own is no ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mask", (noise(2, 8, 9, 9) > 0).float())

    def forward(self, x: Tensor) -> Tensor:
        return x * self.mask


class Scaled(nn.Module):
    """A factor for each value, made while it runs, is no ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("factors", noise(9, 8, 9, 9))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factors[torch.arange(len(x)) % 9]


class Shifted(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        out = torch.zeros_like(x)
        out[1:, :4] = x[:-1, :4]
        out[:, 4:] = x[:, 4:]
        return out


class Normed(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return functional.normalize(x, dim=1)


class Between(nn.Module):
    """A layer between two ReLUs, of whatever sort."""

    def __init__(self, layer: nn.Module, relu: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.relu, self.layer = relu, layer
        self.first, self.second = (nn.Conv2d(kind, 8, 3, padding=1) for kind in (3, 8))
        self.batch, self.head = nn.BatchNorm2d(8), nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer(self.relu(self.batch(self.first(x))))
        return self.head(self.relu(self.second(x)).mean((2, 3)))


HARMLESS: dict[str, Callable[[], nn.Module]] = {
    "local response normalisation": lambda: nn.LocalResponseNorm(3),
    "layer normalisation by hand": Normalised,
    "global response normalisation": Responses,
    "squeeze and excitation": Excited,
    "attention": Attention,
    "masked attention": MaskedAttention,
    "recurrence": Recurrent,
    "a mask of its own": Masked,
    "factors of its own": Scaled,
    "a temporal shift": Shifted,
    "F.normalize": Normed,
    "group norm": lambda: nn.GroupNorm(2, 8),
    "pixel shuffle": lambda: nn.Sequential(nn.PixelShuffle(2), nn.Conv2d(2, 8, 1)),
    "upsampling": lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
    "max-pooling": lambda: nn.MaxPool2d(2),
    "reflection": lambda: nn.ReflectionPad2d(1),
    "a transposed convolution": lambda: nn.ConvTranspose2d(8, 8, 2, 2),
}


@pytest.mark.parametrize("layer", HARMLESS)
def test_layers_that_do_not_rectify_are_walked_through(layer: str) -> None:
    network = seeded(lambda: Between(HARMLESS[layer](), functional.relu))
    images, targets = noise(2, 3, 9, 9), [3, 1]
    found = explain(Network(network), images, targets, GUIDED)
    for rule in GUIDED:
        for part in (part for part in network.modules() if hasattr(part, "relu")):
            part.relu = slow_relu(rule)
        expected = whole_batch_map(network, images, targets)
        scale = float(expected.abs().max())
        torch.testing.assert_close(found[rule], expected, rtol=1e-4, atol=1e-5 * scale)


def whole_batch_map(network: nn.Module, images: Tensor, targets: list[int]) -> Tensor:
    x = images.clone().requires_grad_()
    network(x)[range(len(targets)), targets].sum().backward()
    return x.grad


class Branches(nn.Module):
    """What is scored uses ReLUs; a side branch and a weight use other things."""

    def __init__(self, relu: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.relu = relu
        self.first, self.side = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3)
        self.weight = nn.Parameter(noise(5, 4))

    def forward(self, x: Tensor) -> Tensor:
        self.aside = functional.silu(self.side(x))
        pooled = self.relu(self.first(x)).mean((2, 3))
        return functional.linear(pooled, functional.softplus(self.weight))


def test_what_the_score_does_not_depend_on_by_the_pixels_is_no_reason() -> None:
    network = seeded(Branches, functional.relu)
    images, targets = noise(2, 3, 7, 7), [0, 2]
    found = explain(Network(network), images, targets, ["guided_backprop"])["guided_backprop"]
    network.relu = slow_relu("guided_backprop")
    torch.testing.assert_close(found, pixel_map(network, images, targets))


def test_a_relu_on_a_side_branch_alone_is_none_on_the_way() -> None:
    network = seeded(Branches, torch.tanh)
    with pytest.raises(ExplainerError, match="no ReLU was met"):
        explain(Network(network), noise(2, 3, 7, 7), [0, 2], ["guided_backprop"])


def test_a_score_that_rectifies_is_refused_too() -> None:
    network = Network(small())
    with pytest.raises(ExplainerError, match="rectifies by relu"):
        explain(network, noise(1, 3, 9, 9), lambda out: out[:, 0].relu(), ["guided_backprop"])


def test_a_recurrent_layer_of_relus_is_refused() -> None:
    class Steps(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.steps = nn.RNN(8, 8, nonlinearity="relu", batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            return self.steps(x.flatten(2).transpose(1, 2))[0].transpose(1, 2).reshape(x.shape)

    network = seeded(lambda: Between(Steps(), functional.relu))
    with pytest.raises(ExplainerError, match="rectifies by relu"):
        explain(Network(network), noise(1, 3, 9, 9), [0], ["deconvnet"])


def compiled_in_place(network: nn.Module) -> nn.Module:
    network.second.compile(backend="eager")
    return network


def compiled_part(network: nn.Module) -> nn.Module:
    network.second = torch.compile(network.second, backend="eager")
    return network


@pytest.mark.parametrize("compile", [compiled_in_place, compiled_part])
def test_a_compiled_part_is_refused_as_a_compiled_network_is(
    compile: Callable[[nn.Module], nn.Module],
) -> None:
    network = Network(compile(small()), "first")
    with pytest.raises(ExplainerError, match="compiled network hides its ReLUs"):
        explain(network, noise(1, 3, 9, 9), [0], ["guided_backprop"])


def test_in_place_calls_that_no_gradient_can_follow_are_told_in_one_sentence() -> None:
    def parts(x: Tensor) -> Tensor:
        for part in x.chunk(2, 1):
            part.relu_()
        return x

    network = Network(seeded(Convolutions, parts), "first")
    for method in ("gradient", "grad_cam", "guided_backprop"):
        with pytest.raises(ExplainerError, match="gives a new tensor"):
            explain(network, noise(1, 3, 9, 9), [0], [method])


def assert_follows(rule: str, network: nn.Module, side: int = 9, rtol: float = 1e-5) -> None:
    """The map is that of a ReLU which is written element by element."""
    images, targets = noise(2, 3, side, side), [3, 1]
    found = explain(Network(network), images, targets, [rule])[rule]
    expected = pixel_map(with_relu(network, slow_relu(rule)), images, targets)
    torch.testing.assert_close(found, expected, rtol=rtol, atol=1e-8)


@pytest.mark.parametrize("rule", GUIDED)
def test_relus_on_parts_of_a_map_follow_the_rule(rule: str) -> None:
    network = seeded(Convolutions, halves)
    assert_follows(rule, network)
    with pytest.raises(ExplainerError, match="gives a new tensor"):  # as PyTorch itself does
        explain(Network(network), noise(2, 3, 9, 9), [3, 1], ["gradient"])


@pytest.mark.parametrize("rule", GUIDED)
def test_a_relu_under_a_checkpoint_follows_the_rule(rule: str) -> None:
    assert_follows(rule, seeded(Convolutions, made_again))


def test_the_way_between_holds_what_the_score_is_made_of_in_order() -> None:
    x = noise(1, 3, 9, 9).requires_grad_()
    map = torch.sigmoid(functional.conv2d(x, noise(2, 3, 3, 3)))
    aside = torch.tanh(map)
    weight = noise(2).requires_grad_()
    score = (map.mean((2, 3)) * weight.exp()).sum()
    way = calls_between(score, x)
    assert [name_of(node) for node in way] == [
        *("accumulate_grad", "convolution", "sigmoid", "mean", "mul", "sum")
    ]
    assert map.grad_fn in way
    assert aside.grad_fn not in way
    later = [name_of(node) for node in calls_between(score, map)]
    assert later == ["sigmoid", "mean", "mul", "sum"]
    assert calls_between(aside, weight) == ()


class Beside(nn.Module):
    """Maps beside their negatives and coordinates, pooled place by place and put back."""

    def __init__(self, relu: Call) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(10, 6, 3, padding=1)
        self.head, self.relu = nn.Linear(6, 5), relu

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        x = x + torch.zeros_like(x)
        x, places = functional.max_pool2d(self.relu(torch.cat([x, -x], 1)), 2, return_indices=True)
        x = functional.max_unpool2d(x, places, 2)
        across = torch.linspace(0, 1, x.shape[-1]).expand(len(x), 2, *x.shape[2:])
        x = functional.max_pool2d(torch.cat([x, across], 1), 2)
        return self.head(self.relu(self.second(x)).mean((2, 3)))


@pytest.mark.parametrize("rule", GUIDED)
def test_maps_beside_others_may_be_pooled_place_by_place_and_put_back(rule: str) -> None:
    network, images, targets = seeded(Beside, torch.relu), noise(2, 3, 8, 8), [3, 1]
    found = explain(Network(network), images, targets, [rule])[rule]
    expected = pixel_map(with_relu(network, slow_relu(rule)), images, targets)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-7)


def test_a_mask_of_weights_is_no_choice_made_from_values() -> None:
    class Pruned(Convolutions):
        def forward(self, x: Tensor) -> Tensor:
            kept = self.first.weight.detach().abs() > 0.05
            x = functional.conv2d(x, self.first.weight * kept, self.first.bias, padding=1)
            x = functional.adaptive_avg_pool2d(self.relu(self.second(self.relu(x))), 4)
            return self.head(self.relu(self.hidden(x.flatten(1))))

    network = Network(seeded(Pruned, torch.relu))
    assert explain(network, noise(2, 3, 9, 9), [3, 1], ["deconvnet"])["deconvnet"].any()


def test_what_is_chosen_for_another_output_refuses_nothing() -> None:
    class TwoOutputs(Convolutions):
        def forward(self, x: Tensor) -> Tensor:
            self.other = x * torch.sigmoid(x).detach()
            return super().forward(x)

    network = Network(seeded(TwoOutputs, torch.relu))
    assert explain(network, noise(2, 3, 9, 9), [3, 1], ["deconvnet"])["deconvnet"].any()
