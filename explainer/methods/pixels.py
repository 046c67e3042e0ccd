"""Pictures at the input's resolution: the gradient, guided backpropagation and the deconvnet."""

from functools import partial

from torch import Tensor

from explainer.graphs.rectifiers import Rule

from .base import Method, NoSettings, Work

COST = "1 forward, 1 backward to the input"


def pixel_gradient(rule: Rule, work: Work, settings: NoSettings, k: int) -> Tensor:
    """∂y/∂x with the ReLUs' backward following `rule`."""
    return work.pixel_gradient(rule, k)


GRADIENT = Method(
    name="gradient",
    family="pixels",
    formula="∂y/∂x",
    paper="Simonyan et al., Deep Inside Convolutional Networks, arXiv 1312.6034",
    cost=COST,
    compute=partial(pixel_gradient, "gradient"),
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
    compute=partial(pixel_gradient, "guided_backprop"),
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
    compute=partial(pixel_gradient, "deconvnet"),
    shape="input",
    signed=True,
    needs_relu=True,
    layer="none",
    needs_pixels=True,
)
