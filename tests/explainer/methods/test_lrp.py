"""Layer-wise relevance propagation: against zennit, against gradient × input, and refused."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision import models
from zennit.attribution import Gradient
from zennit.canonizers import SequentialMergeBatchNorm
from zennit.composites import COMPOSITES

from explainer import ExplainerError, Network, Preprocess, explain
from explainer.explanations.examination import examine
from tests.explainer.small_networks import noise, seeded, small

STEPS = Preprocess(size=12, resize=12)
EXACT = {"composite": "epsilon", "epsilon": 1e-12}


def lrp(network: Network, images: Tensor, targets: Any, **settings: Any) -> Tensor:
    return explain(network, images, targets, ["lrp"], settings={"lrp": settings})["lrp"]


def settled(module: nn.Module) -> nn.Module:
    """With statistics and biases that change what they normalise, and values of a usual size."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(part.weight, generator=generator)
            if isinstance(part, nn.BatchNorm2d):
                part.running_mean.normal_(0, 0.1, generator=generator)
                part.running_var.uniform_(0.5, 2, generator=generator)
                part.bias.normal_(0, 0.1, generator=generator)
    return module.eval()


def sequential() -> nn.Module:
    return settled(
        seeded(
            nn.Sequential,
            nn.Conv2d(3, 6, 3, padding=1),
            nn.BatchNorm2d(6),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 8, 3, groups=2, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(32, 10),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(10, 5),
        )
    )


@pytest.mark.parametrize(
    "composite",
    [
        "epsilon_plus",
        "epsilon_plus_flat",
        "epsilon_alpha2_beta1",
        "epsilon_alpha2_beta1_flat",
        "epsilon_gamma_box",
    ],
)
def test_zennit_agrees_about_its_composites_with_normalisations_merged(composite: str) -> None:
    module, images = sequential(), noise(2, 3, 12, 12)
    network = Network(module, preprocess=STEPS)
    found = lrp(network, images, [3, 0], composite=composite)
    box = {}
    if composite == "epsilon_gamma_box":
        box = {"low": network.plain(images, 0), "high": network.plain(images, 255)}
    theirs = COMPOSITES[composite](canonizers=[SequentialMergeBatchNorm()], **box)
    start = functional.one_hot(torch.tensor([3, 0]), 5) * network.predict(images)
    with Gradient(module, theirs) as attributor:
        _, expected = attributor(images.clone().requires_grad_(), start)
    close = 1e-4 * float(expected.abs().max())
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=close)


class Joined(nn.Module):
    """Sums, a difference, a concatenation, scales, a slice and calls in place; no constant is added
    but biases."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.body = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.norm, self.wide = nn.BatchNorm2d(8), nn.Conv2d(16, 8, 1)
        self.scale = nn.Parameter(torch.linspace(0.5, 2, 8)[:, None, None])
        self.head = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        first = functional.relu(self.stem(x * 2.0), inplace=True)
        second = self.norm(self.body(first))
        second += first
        third = functional.relu_(self.norm(second)) - 0.5 * first
        both = self.wide(torch.cat([self.scale * third, first[:, :8].clamp(min=0)], 1))
        both = functional.interpolate(functional.relu(both), scale_factor=2)
        return self.head(both.mean((2, 3)) / 3)


class Inserted(Joined):
    """A path that is written into the place of zeros, beside one that is left out."""

    def forward(self, x: Tensor) -> Tensor:
        whole = torch.zeros(len(x), 16, *x.shape[2:])
        whole[:, :8] = functional.relu(self.stem(x))
        whole[:, 8:] = functional.pad(functional.relu(self.stem(x))[:, :, 1:], (0, 0, 0, 1))
        return self.head(functional.relu(self.wide(whole)).sum((2, 3)))


def check_against_gradient(module: nn.Module, images: Tensor) -> None:
    network, targets = Network(module), list(range(len(images)))
    found = explain(network, images, targets, ["lrp", "gradient"], settings={"lrp": EXACT})
    expected = found["gradient"] * images
    close = 2e-3 * float(expected.abs().max())
    torch.testing.assert_close(found["lrp"], expected, rtol=0, atol=close)


@pytest.mark.parametrize("made", [Joined, Inserted])
def test_with_no_epsilon_everywhere_it_is_gradient_times_input_of_any_network_of_relus(
    made: Callable[[], nn.Module],
) -> None:
    """Shrikumar et al., arXiv 1605.01713: a reference for sums, joins and normalisations."""
    check_against_gradient(settled(seeded(made)), noise(2, 3, 10, 12))


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "shufflenet_v2_x0_5"])
def test_torchvisions_residual_and_joined_networks_are_walked_back(name: str) -> None:
    more = {"transform_input": True, "init_weights": False} if name == "googlenet" else {}
    module = settled(seeded(getattr(models, name), weights=None, **more))
    check_against_gradient(module, noise(1, 3, 64, 64))


class Around(nn.Module):
    """A convolution, something in the middle, and a head."""

    def __init__(self, middle: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.head, self.middle = nn.Conv2d(3, 8, 3), nn.Linear(8, 5), middle

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.middle(torch.relu(self.first(x))).mean((2, 3)))


@pytest.mark.parametrize(
    ("middle", "named"),
    [
        (lambda x: x * torch.sigmoid(x.mean((2, 3), keepdim=True)), "a product of two values"),
        (lambda x: functional.layer_norm(x, x.shape[1:]), "native_layer_norm"),
        (lambda x: functional.group_norm(x, 2), "native_group_norm"),
        (lambda x: x.softmax(1), "softmax"),
        (lambda x: x**2, "pow"),
        (lambda x: functional.scaled_dot_product_attention(x, x, x), "attention"),
        (lambda x: x.sigmoid(), "sigmoid"),
        (lambda x: 1 / (1 + x), "reciprocal"),
        (lambda x: x @ x.mT @ x, "matmul|bmm"),
    ],
)
def test_what_no_rule_covers_is_refused_by_name(
    middle: Callable[[Tensor], Tensor], named: str
) -> None:
    with pytest.raises(ExplainerError, match=rf"has no rule for .*({named})"):
        lrp(Network(seeded(Around, middle)), noise(1, 3, 9, 9), [0])


def test_a_score_that_bends_the_output_is_refused_too() -> None:
    with pytest.raises(ExplainerError, match=r"has no rule for log_softmax"):
        lrp(Network(small()), noise(1, 3, 9, 9), lambda output: output.log_softmax(1)[:, 0])


def test_a_compiled_network_is_refused() -> None:
    module = small()
    module.second.compile(backend="eager")
    with pytest.raises(ExplainerError, match=r"compiled network hides its calls"):
        lrp(Network(module), noise(1, 3, 9, 9), [0])


def test_the_box_is_refused_where_the_first_layer_reads_something_else() -> None:
    network, images = Network(seeded(Joined)), noise(1, 3, 9, 9)
    with pytest.raises(ExplainerError, match=r"lowest and highest values there aren't known"):
        lrp(network, images, [0], composite="epsilon_gamma_box")


def test_the_callers_module_is_as_it_was_and_parts_give_the_same_map() -> None:
    module, images = sequential(), noise(3, 3, 12, 12)
    before = {name: values.clone() for name, values in module.state_dict().items()}
    whole = explain(Network(module), images, [[1, 2], [0, 3], [4, 0]], ["lrp"])
    again = explain(Network(module), images, [[1, 2], [0, 3], [4, 0]], ["lrp"], memory=1)
    torch.testing.assert_close(again["lrp"], whole["lrp"], rtol=1e-3, atol=1e-6)
    assert all(torch.equal(before[name], values) for name, values in module.state_dict().items())
    assert not any(part._forward_hooks or part._backward_hooks for part in module.modules())
    assert all(values.grad is None for values in module.parameters())
    assert isinstance(module[1], nn.BatchNorm2d)


def test_what_biases_take_is_told() -> None:
    network, images = Network(sequential()), noise(2, 3, 12, 12)
    found = explain(network, images, [1, 2], ["lrp"])
    scores = network.predict(images)[[0, 1], [1, 2]]
    expected = (found["lrp"].sum((1, 2, 3)) - scores).abs() / scores.abs()
    torch.testing.assert_close(
        found.checks["lrp"]["relevance_error"], expected, rtol=1e-3, atol=1e-5
    )
    without = sequential()
    with torch.no_grad():
        for part in without.modules():
            for name in ("bias", "running_mean"):
                if isinstance(getattr(part, name, None), Tensor):
                    getattr(part, name).zero_()
    told = explain(Network(without), images, [1, 2], ["lrp"]).checks["lrp"]["relevance_error"]
    assert (told < 1e-3).all()


def test_a_study_tries_it_before_any_photo_is_read() -> None:
    gated = seeded(Around, lambda x: x * torch.sigmoid(x))
    with pytest.raises(ExplainerError, match=r"gated: .*a product of two values that both come"):
        examine(Network(gated, preprocess=STEPS, name="gated"), [("lrp", {})])


@pytest.mark.parametrize("settings", [{"epsilon": 0.0}, {"gamma": -1.0}, {"composite": "zplus"}])
def test_settings_that_mean_nothing_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ExplainerError, match=r"use|must be"):
        lrp(Network(small()), noise(1, 3, 9, 9), [0], **settings)
