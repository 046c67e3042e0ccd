"""Pictures at the input's resolution: the gradient, guided backpropagation and the deconvnet."""

from dataclasses import dataclass, field
from functools import partial

from torch import Tensor

from explainer.errors import ExplainerError
from explainer.graphs.rectifiers import Rule
from explainer.networks.network import Network
from explainer.passes.layers import SEPARATOR, address_of

from .base import LATER, Method, NoSettings, Work

COST = "1 forward, 1 backward to the input"


@dataclass(frozen=True)
class RuleSettings:
    """`rules_within`: addresses of modules; only ReLUs that run inside them follow the rule, others
    keep their gradient. All follow it where none is named."""

    rules_within: tuple[str, ...] = field(default=(), metadata=LATER)

    def parts(self, network: Network) -> tuple[str, ...]:
        """The addresses, checked."""
        calls = [name for name in self.rules_within if SEPARATOR.strip() in name]
        if calls:
            raise ExplainerError(
                f'rules_within names "{calls[0]}", which is a call', "name modules alone"
            )
        found = (address_of(network.module, name) for name in self.rules_within)
        return tuple(dict.fromkeys(found))


def pixel_gradient(work: Work, settings: NoSettings, k: int) -> Tensor:
    """∂y/∂x."""
    return work.pixel_gradient("gradient", k)


def pixels_by_rule(rule: Rule, work: Work, settings: RuleSettings, k: int) -> Tensor:
    """∂y/∂x with the ReLUs' backward following `rule`."""
    return work.pixel_gradient(rule, k, settings.parts(work.network))


GRADIENT = Method(
    name="gradient",
    family="pixels",
    formula="∂y/∂x",
    paper="Simonyan et al., Deep Inside Convolutional Networks, arXiv 1312.6034",
    cost=COST,
    compute=pixel_gradient,
    shape="input",
    signed=True,
    layer="none",
    needs_pixels=True,
)
GUIDED_BACKPROP = Method(
    name="guided_backprop",
    family="pixels",
    formula="∂y/∂x with, at every ReLU, R ← 1[f>0]·1[R>0]·R (ReLU6: 1[0<f<6])",
    paper="Springenberg et al., Striving for Simplicity, arXiv 1412.6806",
    cost=COST,
    compute=partial(pixels_by_rule, "guided_backprop"),
    settings=RuleSettings,
    shape="input",
    signed=True,
    needs_relu=True,
    layer="none",
    needs_pixels=True,
)
DECONVNET = Method(
    name="deconvnet",
    family="pixels",
    formula="∂y/∂x with, at every ReLU, R ← 1[R>0]·R; max-pooling keeps its switches",
    paper="Zeiler and Fergus, Visualizing Convolutional Networks, arXiv 1311.2901",
    cost=COST,
    compute=partial(pixels_by_rule, "deconvnet"),
    settings=RuleSettings,
    shape="input",
    signed=True,
    needs_relu=True,
    layer="none",
    needs_pixels=True,
)
