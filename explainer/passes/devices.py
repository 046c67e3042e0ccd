"""Where networks compute: on the processor or a card, how exactly, and within which memory."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from explainer.errors import ExplainerError

from .footprint import BUDGET
from .modules import kept_by, modules_of

AUTO = "auto"
# Of a card's free memory. A pass is foreseen from its tensors, without what libraries work in.
SHARE_OF_CARD = 0.5


def device_named(name: str | torch.device = AUTO) -> torch.device:
    """The device called `name` ("cpu", "cuda", "cuda:1"); "auto" is a card where there is one."""
    if name == AUTO:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ExplainerError(
            f'no device "{name}" here ({str(error).splitlines()[0].rstrip(".")})',
            "use auto, cpu, cuda or cuda:1, and check that PyTorch finds the card's driver",
        ) from error
    return device


def device_of(module: nn.Module) -> torch.device:
    """The one device of the module's weights; the processor where it has none."""
    return device_among(kept_by(module))


def device_among(kept: Iterable[Tensor]) -> torch.device:
    """The one device of weights and buffers; the processor where there are none."""
    devices = {values.device for values in kept}
    if len(devices) > 1:
        names = " and ".join(sorted(map(str, devices)))
        raise ExplainerError(
            f"the network is spread over {names}", "move it to one device: module.to(…)"
        )
    return devices.pop() if devices else torch.device("cpu")


def dtype_of(module: nn.Module) -> torch.dtype:
    """The type of the module's weights; float32 where it has none."""
    kept = (values.dtype for values in module.parameters() if values.is_floating_point())
    return next(kept, torch.float32)


def placed(images: Tensor, device: torch.device) -> Tensor:
    """The images on the device; the copy to a card goes on beside what the processor does next."""
    if images.device.type == "cpu" and device.type == "cuda":
        images = images.pin_memory()
    return images.to(device, non_blocking=True)


def like(values: Tensor, other: Tensor) -> Tensor:
    """Values of the host's in the type and on the device of `other`: nobody waits for the copy,
    as a pass before it would be waited for too."""
    return placed(values.to(other.dtype), other.device)


def brought_back(tensors: Sequence[Tensor]) -> list[Tensor]:
    """The tensors in the host's memory, by one copy however many there are."""
    if all(tensor.device.type == "cpu" for tensor in tensors):
        return list(tensors)
    # The widest first, so that each begins where its type may.
    order = sorted(range(len(tensors)), key=lambda n: -tensors[n].element_size())
    flat = [tensors[n].detach().contiguous().reshape(-1).view(torch.uint8) for n in order]
    bytes_here = torch.cat(flat).cpu()
    ends = [0, *torch.tensor([len(part) for part in flat]).cumsum(0).tolist()]
    found = dict(zip(order, (bytes_here[a:b] for a, b in pairwise(ends)), strict=True))
    return [found[n].view(like.dtype).reshape(like.shape) for n, like in enumerate(tensors)]


def memory_for(device: torch.device) -> int:
    """Bytes that a pass may take where nobody says how many: of a card, half of what is free."""
    if device.type != "cuda":
        return BUDGET
    free, _ = torch.cuda.mem_get_info(device)
    kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return max(1, int((free + kept) * SHARE_OF_CARD))


def arithmetic(module: nn.Module, device: torch.device | None = None) -> dict[str, Any]:
    """What decides rounding beside the versions: device, type, TF32 and autocast, as they are now.

    `card`: the name of a card, None of the processor; `tf32`: whether float32 products may be
    rounded to TF32 (or to bfloat16, which "medium" allows); `autocast`: the type, or None.
    `device`: that of the module, if it is already known.
    """
    device = device or device_of(module)
    is_cast = _has_autocast(device) and torch.is_autocast_enabled(device.type)
    return {
        "device": device.type,
        "card": torch.cuda.get_device_name(device) if device.type == "cuda" else None,
        "dtype": _name(dtype_of(module)),
        "tf32": _may_round(device.type),
        "autocast": _name(torch.get_autocast_dtype(device.type)) if is_cast else None,
    }


# Left out of a stream's digests, which said nothing of it before cards were computed on
PLAIN = {"device": "cpu", "card": None, "dtype": "float32", "tf32": False, "autocast": None}


def _may_round(device: str) -> bool:
    # PyTorch makes these attributes at run time
    backends: Any = torch.backends
    of = backends.cudnn if device == "cuda" else backends.mkldnn
    products = backends.cuda.matmul if device == "cuda" else of.matmul
    parts = (products, of.conv, of.rnn)
    return any(part.fp32_precision not in ("none", "ieee") for part in parts)


def _has_autocast(device: torch.device) -> bool:
    return torch.amp.is_autocast_available(device.type)


def in_full(device: torch.device) -> AbstractContextManager[Any]:
    """Without autocast, where the device has it."""
    has = _has_autocast(device)
    return torch.autocast(device.type, enabled=False) if has else nullcontext()


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


@contextmanager
def walkable(module: nn.Module) -> Iterator[None]:
    """cuDNN's recurrent layers can't be walked back in evaluation mode; PyTorch's own can."""
    was = torch.backends.cudnn.enabled
    if not any(isinstance(child, nn.RNNBase) for child in modules_of(module)):
        yield
        return
    torch.backends.cudnn.enabled = False
    try:
        yield
    finally:
        torch.backends.cudnn.enabled = was
