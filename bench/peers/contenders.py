"""What is compared: one method of ours and the same of each library that has it.

All get the same network with frozen weights, the same images, class and layer, and enlarge their
maps to the images' size. Where a library needs no gradient to the images, they ask for none.
"""

import copy
from collections.abc import Callable
from functools import partial

import torch
from captum.attr import (
    Deconvolution,
    GuidedBackprop,
    GuidedGradCam,
    IntegratedGradients,
    LayerGradCam,
    NoiseTunnel,
    Saliency,
)
from pytorch_grad_cam import GradCAM, GuidedBackpropReLUModel, ScoreCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn
from torch.nn import functional
from torchcam.methods import GradCAM as TorchcamGradCAM
from torchcam.methods import LeGrad
from torchcam.methods import ScoreCAM as TorchcamScoreCAM
from torchvision.models import VisionTransformer

from explainer import METHODS, Network, explain, load_network

from .turns import Contender

CLASS, SAMPLES, INSIDE = 7, 50, 8
PROCESSOR = torch.device("cpu")
LAYERS = {
    "vgg16": "features.29",
    "alexnet": "features.11",
    "resnet18": "layer4",
    "resnet50": "layer4",
}
FIVE = ("grad_cam", "guided_backprop", "deconvnet", "guided_grad_cam", "deconv_grad_cam")
OF_ATTENTION = [name for name, method in METHODS.items() if method.attention]
Contenders = dict[str, Contender]


def images_for(count: int, side: int = 224, device: torch.device = PROCESSOR) -> Tensor:
    drawn = torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(0))
    return drawn.to(device)


def frozen(name: str, device: torch.device = PROCESSOR) -> Network:
    if name == "vit":
        return Network(transformer().to(device))
    network = load_network(name, weights=None, device=device)
    network.module.requires_grad_(False)
    return network


def transformer() -> nn.Module:
    """torchvision's ViT-S/16."""
    torch.manual_seed(0)
    module: nn.Module = VisionTransformer(224, 16, 12, 6, 384, 1536, num_classes=100)
    nn.init.normal_(module.get_parameter("heads.head.weight"))  # it begins with zeros
    module.eval().requires_grad_(False)
    return module


def out_of_place(module: nn.Module) -> nn.Module:
    """A copy for captum's and pytorch-grad-cam's rules, whose hooks can't bear in-place ReLUs."""
    twin = copy.deepcopy(module)
    for child in twin.modules():
        if isinstance(child, nn.ReLU):
            child.inplace = False
    return twin


def floor(module: nn.Module, images: Tensor) -> None:
    """One forward and one backward pass to the images."""
    x = images.clone().requires_grad_()
    torch.autograd.grad(module(x)[:, CLASS].sum(), x)


def enlarged(maps: Tensor, images: Tensor) -> Tensor:
    """N×1×u×v at the images' size."""
    return functional.interpolate(maps, size=images.shape[2:], mode="bilinear")


def grad_cam(network: Network, images: Tensor) -> Contenders:
    module, layer = network.module, network.module.get_submodule(LAYERS[network.name])
    x, targets = images.clone().requires_grad_(), [CLASS] * len(images)
    wanted = [ClassifierOutputTarget(CLASS)] * len(images)

    def captum() -> Tensor:
        found = LayerGradCam(module, layer).attribute(images, CLASS, relu_attributions=True)
        return enlarged(found, images)

    def gradcam() -> object:
        with GradCAM(model=module, target_layers=[layer]) as extractor:
            return extractor(x, wanted)

    def torchcam() -> Tensor:
        with TorchcamGradCAM(module, LAYERS[network.name]) as extractor:
            (found,) = extractor(targets, module(x))
            return enlarged(found[:, None], images)

    return {
        "ours": lambda: enlarged(explain(network, images, targets)["grad_cam"][:, None], images),
        "captum": captum,
        "grad-cam": gradcam,
        "torchcam": torchcam,
    }


def guided(network: Network, images: Tensor) -> Contenders:
    peer, rewired = out_of_place(network.module), out_of_place(network.module)
    x, targets = images.clone().requires_grad_(), [CLASS] * len(images)

    def gradcam() -> None:
        model = GuidedBackpropReLUModel(model=rewired, device=images.device)
        for image in images:
            model(image[None], target_category=CLASS)

    return {
        "ours": lambda: explain(network, images, targets, ["guided_backprop"]),
        "captum": lambda: GuidedBackprop(peer).attribute(x, CLASS),
        "grad-cam": gradcam,
    }


def five(network: Network, images: Tensor) -> Contenders:
    peer = out_of_place(network.module)
    layer = peer.get_submodule(LAYERS[network.name])
    x, targets = images.clone().requires_grad_(), [CLASS] * len(images)

    def captum() -> None:
        LayerGradCam(peer, layer).attribute(images, CLASS, relu_attributions=True)
        GuidedBackprop(peer).attribute(x, CLASS)
        Deconvolution(peer).attribute(x, CLASS)
        GuidedGradCam(peer, layer).attribute(x, CLASS, interpolate_mode="bilinear")
        cam = LayerGradCam(peer, layer).attribute(images, CLASS, relu_attributions=True)
        enlarged(cam, images) * Deconvolution(peer).attribute(x, CLASS)

    return {"ours": lambda: explain(network, images, targets, FIVE), "captum": captum}


def score_cam(network: Network, images: Tensor) -> Contenders:
    module, layer = network.module, network.module.get_submodule(LAYERS[network.name])
    targets, wanted = [CLASS] * len(images), [ClassifierOutputTarget(CLASS)] * len(images)

    def gradcam() -> object:
        with ScoreCAM(model=module, target_layers=[layer]) as extractor, torch.no_grad():
            return extractor(images, wanted)

    def torchcam() -> Tensor:
        with torch.no_grad(), TorchcamScoreCAM(module, LAYERS[network.name]) as extractor:
            (found,) = extractor(targets, module(images))
            return enlarged(found[:, None], images)

    return {
        "ours": lambda: explain(network, images, targets, ["score_cam"]),
        "grad-cam": gradcam,
        "torchcam": torchcam,
    }


def integrated_gradients(network: Network, images: Tensor) -> Contenders:
    module, targets, method = network.module, [CLASS] * len(images), "integrated_gradients"
    start = network.plain(images, 0).expand_as(images)
    theirs = partial(IntegratedGradients(module).attribute, images, start, CLASS, n_steps=SAMPLES,
                     method="riemann_right")  # fmt: skip
    settings = {method: {"steps": SAMPLES}}
    return {
        "ours": lambda: explain(network, images, targets, [method], settings=settings),
        "captum": theirs,
        "captum, 8 at a time": lambda: theirs(internal_batch_size=INSIDE),
    }


def smooth_grad(network: Network, images: Tensor) -> Contenders:
    targets, method = [CLASS] * len(images), "smooth_grad"
    sigma = 0.15 * float(images.max() - images.min())
    theirs = partial(NoiseTunnel(Saliency(network.module)).attribute, images, nt_type="smoothgrad",
                     nt_samples=SAMPLES, stdevs=sigma, target=CLASS, abs=False)  # fmt: skip
    settings = {method: {"samples": SAMPLES}}
    return {
        "ours": lambda: explain(network, images, targets, [method], settings=settings),
        "captum": theirs,
        "captum, 8 at a time": lambda: theirs(nt_samples_batch_size=INSIDE),
    }


def of_attention(method: str, network: Network, images: Tensor) -> Contenders:
    """Each of our methods beside torchcam's one."""
    module, targets = network.module, [CLASS] * len(images)

    def torchcam() -> Tensor:
        with LeGrad(module, [*module.get_submodule("encoder.layers").children()]) as extractor:
            found = extractor(targets, module(images), normalized=False)
            return enlarged(torch.stack(list(found)).mean(0)[:, None], images)

    def ours() -> Tensor:
        return enlarged(explain(network, images, targets, [method])[method][:, None], images)

    return {"ours": ours, "torchcam": torchcam}


OF_ONE_PASS: dict[str, Callable[[Network, Tensor], Contenders]] = {
    "Grad-CAM": grad_cam,
    "guided backpropagation": guided,
    "the paper's five": five,
}
OF_MANY_PASSES: dict[str, Callable[[Network, Tensor], Contenders]] = {
    "integrated gradients": integrated_gradients,
    "SmoothGrad": smooth_grad,
    "Score-CAM": score_cam,
}
OF_TRANSFORMERS: dict[str, Callable[[Network, Tensor], Contenders]] = {
    f"{name} (LeGrad)": partial(of_attention, name) for name in OF_ATTENTION
}
TASKS = {**OF_ONE_PASS, **OF_MANY_PASSES, **OF_TRANSFORMERS}
