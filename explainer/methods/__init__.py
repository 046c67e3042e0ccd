"""Every method by name. A new one is a file here and a line in METHODS."""

from . import grad_cam, guided_grad_cam, pixels
from .base import Method, Work

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        grad_cam.GRAD_CAM,
        grad_cam.COUNTERFACTUAL,
        pixels.GUIDED_BACKPROP,
        pixels.DECONVNET,
        guided_grad_cam.GUIDED_GRAD_CAM,
        guided_grad_cam.DECONV_GRAD_CAM,
        pixels.GRADIENT,
    )
}

__all__ = ["METHODS", "Method", "Work"]
