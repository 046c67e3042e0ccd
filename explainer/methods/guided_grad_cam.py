"""Guided Grad-CAM and its deconvnet twin: where, times which pixels (Grad-CAM section 3.2)."""

from functools import partial

from torch import Tensor

from explainer.graphs.rectifiers import Rule
from explainer.pictures.resizing import resize, size_of

from .base import Method, Work
from .grad_cam import PAPER, grad_cam_map
from .pixels import RuleSettings

COST = "1 forward, 1 backward to the layer, 1 to the input; shared with grad_cam and its pixel map"


def product(rule: Rule, work: Work, settings: RuleSettings, k: int) -> Tensor:
    """↑L ⊙ pixel map: the coarse map enlarged to the input, times each of its channels."""
    pixels = work.pixel_gradient(rule, k, settings.parts(work.network))
    coarse = partial(grad_cam_map, work.activations())
    enlarged = work.once(
        ("enlarged", k), lambda: resize(coarse(work.layer_gradient(k)), size_of(pixels))
    )
    return enlarged[:, None] * pixels


GUIDED_GRAD_CAM = Method(
    name="guided_grad_cam",
    family="pixels",
    formula="↑L_grad_cam ⊙ guided_backprop",
    paper=f"{PAPER}, section 3.2",
    cost=COST,
    compute=partial(product, "guided_backprop"),
    shape="input",
    signed=True,
    needs_relu=True,
    needs_pixels=True,
    settings=RuleSettings,
)
DECONV_GRAD_CAM = Method(
    name="deconv_grad_cam",
    family="pixels",
    formula="↑L_grad_cam ⊙ deconvnet",
    paper=f"{PAPER}, section 5.1",
    cost=COST,
    compute=partial(product, "deconvnet"),
    shape="input",
    signed=True,
    needs_relu=True,
    needs_pixels=True,
    settings=RuleSettings,
)
