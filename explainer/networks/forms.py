"""Forms of a module that can't be explained, each told in one sentence before anything runs."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parameter import is_lazy

from explainer.errors import ExplainerError
from explainer.passes.modules import modules_of


def refuse_form(module: nn.Module) -> None:
    """Raise what is wrong with the module as it stands, whatever it is asked about."""
    for name, child in module.named_modules():
        where = f'the module "{name}"' if name else "the network"
        room = type(child).__module__
        if isinstance(child, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            raise ExplainerError(
                f"{where} is wrapped in {type(child).__name__}, which runs copies of it",
                "pass the module inside: wrapper.module",
            )
        if isinstance(child, torch.jit.ScriptModule) and not hasattr(child, "training"):
            raise ExplainerError(
                f"{where} is a frozen TorchScript module, whose layers are gone",
                "pass the original module",
            )
        # The flag of an exported program says nothing of how it was traced; its eval() raises.
        if isinstance(child, torch.fx.GraphModule) and "eval" in vars(child):
            raise ExplainerError(
                f"{where} is an exported program, which can't be put into evaluation mode",
                "pass the module that it was exported from",
            )
        if ".quantized" in room and room.startswith("torch."):
            raise ExplainerError(
                f"{where} is quantised and has no gradient",
                "pass the module from before it was quantised",
            )
    kept = (*module.named_parameters(), *module.named_buffers())
    unmade = next((name for name, values in kept if is_lazy(values)), None)
    if unmade is not None:
        raise ExplainerError(
            f'the network\'s "{unmade}" has no shape yet: its module is lazy and has not run',
            "run the network once on a batch, then load its weights",
        )


def refuse_other_type(weights: Iterable[Tensor], images: Tensor, device: torch.device) -> None:
    """Images and weights have one type, unless autocast brings them together."""
    types = {kind for kind in {one.dtype for one in weights} if kind.is_floating_point}
    here = device.type
    cast = torch.amp.is_autocast_available(here) and torch.is_autocast_enabled(here)
    if types and images.dtype not in types and not cast:
        own = " and ".join(sorted(str(kind).removeprefix("torch.") for kind in types))
        raise ExplainerError(
            f"the images are {str(images.dtype).removeprefix('torch.')}, the weights {own}",
            "give images of the weights' type, images.to(network.dtype), or use torch.autocast",
        )


def refuse_training(module: nn.Module) -> None:
    """Dropout and batch statistics would make the explanation another network's."""
    modules = modules_of(module)
    for child in modules:
        if child.training:
            where = _where(child, module)
            raise ExplainerError(f"{where} is in training mode", "call network.module.eval() first")
    normalising = [child for child in modules if isinstance(child, _BatchNorm)]
    for child in normalising:
        if child._buffers.get("running_mean") is None and child.running_mean is None:
            raise ExplainerError(
                f"{_where(child, module)} normalises by the statistics of each batch, so an "
                "image's answer depends on the others",
                "give it running statistics (track_running_stats=True)",
            )


def _where(child: nn.Module, module: nn.Module) -> str:
    name = next(name for name, one in module.named_modules() if one is child)
    return f'its module "{name}"' if name else "the network"
