"""Every method by name. A new one is a file here and a line in METHODS."""

from . import (
    ablation_cam,
    attention,
    controls,
    eigen_cam,
    finer_cam,
    gam,
    grad_cam,
    guided_grad_cam,
    lrp,
    masked,
    occlusion,
    paths,
    pixels,
    shapley_cam,
)
from . import weighted_cams as cams
from .base import Layers, Method, Work

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        grad_cam.GRAD_CAM,
        grad_cam.COUNTERFACTUAL,
        pixels.GUIDED_BACKPROP,
        pixels.DECONVNET,
        guided_grad_cam.GUIDED_GRAD_CAM,
        guided_grad_cam.DECONV_GRAD_CAM,
        cams.XGRAD_CAM,
        cams.LAYER_CAM,
        cams.HIRES_CAM,
        cams.GRAD_CAM_PP,
        finer_cam.FINER_CAM,
        shapley_cam.SHAPLEY_CAM,
        eigen_cam.EIGEN_CAM,
        paths.INTEGRATED_GRAD_CAM,
        masked.GROUP_CAM,
        gam.GAM,
        masked.SCORE_CAM,
        ablation_cam.ABLATION_CAM,
        occlusion.OCCLUSION,
        attention.LEGRAD,
        attention.GENERIC_ATTENTION,
        attention.GRADIENT_ATTENTION,
        pixels.GRADIENT,
        paths.SMOOTH_GRAD,
        paths.INTEGRATED_GRADIENTS,
        lrp.LRP,
        controls.EDGES,
        controls.CENTRE_PRIOR,
        controls.RANDOM_WEIGHTS,
        controls.OTHER_IMAGE,
        attention.ROLLOUT,
    )
}

__all__ = ["METHODS", "Layers", "Method", "Work"]
