"""Forms of a module that can't be explained have one sentence each, with the fix."""

import warnings
from collections.abc import Callable

import pytest
import torch
from torch import nn

from explainer import ExplainerError, Network, explain
from tests.explainer.small_networks import Convolutions, noise, seeded, small


def lazy() -> nn.Module:
    module = small()
    module.hidden = nn.LazyLinear(10)
    return module.eval()


def without_memory() -> nn.Module:
    with torch.device("meta"):
        return small()


def partly_without_memory() -> nn.Module:
    module = small()
    module.hidden.to("meta")
    return module


def frozen() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scripting is deprecated; files of it are not gone
        scripted = torch.jit.script(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten()).eval())
        return torch.jit.freeze(scripted)


def exported() -> nn.Module:
    return torch.export.export(small(), (noise(2, 3, 9, 9),)).module()


def wrapped_within() -> nn.Module:
    module = small()
    module.hidden = nn.DataParallel(module.hidden)
    return module.eval()


FORMS: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "lazy": (lazy, r'"hidden.weight" has no shape yet.*run the network once on a batch'),
    "meta": (without_memory, 'the device "meta", so it has no weights: .*to_empty'),
    "meta in part": (partly_without_memory, 'the device "meta", so it has no weights'),
    "frozen": (frozen, "frozen TorchScript module.*pass the original module"),
    "exported": (exported, "an exported program.*pass the module that it was exported from"),
    "wrapped": (lambda: nn.DataParallel(small()), "wrapped in DataParallel.*wrapper.module"),
    "wrapped within": (wrapped_within, '"hidden" is wrapped in DataParallel'),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_a_form_that_can_not_be_explained_is_told_when_the_network_is_made(form: str) -> None:
    make, told = FORMS[form]
    with pytest.raises(ExplainerError, match=told) as caught:
        Network(make())
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_a_quantised_network_is_told() -> None:
    quantised = type("Linear", (nn.Linear,), {"__module__": "torch.ao.nn.quantized.dynamic"})
    module = small()
    module.hidden = quantised(128, 10)
    with pytest.raises(ExplainerError, match='"hidden" is quantised'):
        Network(module.eval())


def test_a_scripted_network_can_be_asked_but_not_looked_into() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = torch.jit.script(
            nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()
        )
    network, images = Network(module), noise(2, 3, 9, 9)
    assert explain(network, images, [0, 1], ["gradient"])["gradient"].any()
    with pytest.raises(ExplainerError, match="traced or scripted module"):
        explain(network, images, [0, 1], ["grad_cam"], layer="0")


@pytest.mark.parametrize("method", ["gradient", "guided_backprop"])
def test_a_full_backward_hook_on_an_in_place_relu_is_told(method: str) -> None:
    module = seeded(Convolutions, nn.ReLU(inplace=True))
    module.relu.register_full_backward_hook(lambda *_: None)
    with pytest.raises(ExplainerError, match="remove its full backward hooks"):
        explain(Network(module), noise(2, 3, 9, 9), [0, 1], [method])


def test_a_full_backward_hook_on_another_relu_changes_nothing() -> None:
    module, images = seeded(Convolutions, nn.ReLU()), noise(2, 3, 9, 9)
    methods = ("gradient", "guided_backprop", "deconvnet")
    expected = explain(Network(module), images, [0, 1], methods)
    module.relu.register_full_backward_hook(lambda *_: None)
    found = explain(Network(module), images, [0, 1], methods)
    for method in methods:
        assert torch.equal(found[method], expected[method])


def test_a_layer_may_be_given_by_its_second_name() -> None:
    module, images = small(), noise(2, 3, 9, 9)
    module.again = module.second
    found = explain(Network(module, "again"), images, [0, 1])
    assert found.layer == "second"
    assert torch.equal(
        found["grad_cam"], explain(Network(module, "second"), images, [0, 1])["grad_cam"]
    )
    assert explain(Network(module, "again > relu"), images, [0, 1]).layer == "second > relu"
