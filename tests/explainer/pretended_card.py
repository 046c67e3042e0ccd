"""A card's rules without a card: the `meta` device computes shapes and refuses mixed devices, and
what the host would have to wait for is counted."""

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from explainer.passes.layers import tensors_in

aten = torch.ops.aten


class PretendedCard(TorchDispatchMode):
    """Counts the host's reads (`.cpu()`, `.tolist()`, `.item()`, `bool()`) of tensors on `meta`.

    What is read is one. A card takes a single number of the host's, and tensors by `.to()` alone.
    """

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = [*tensors_in(args), *tensors_in((kwargs or {}).values())]
        places = {tensor.device.type for tensor in given if tensor.dim()}
        if func is aten._local_scalar_dense.default and given[0].is_meta:
            self.reads += 1
            return torch.ones((), dtype=given[0].dtype).item()
        if func is aten._to_copy.default:
            return self._copied(given[0], func, args, kwargs or {})
        if func is not aten.copy_.default and len(places) > 1:
            raise AssertionError(f"{func} mixes {' and '.join(sorted(places))}")
        return func(*args, **(kwargs or {}))

    def _copied(self, given: Tensor, func: Any, args: Any, kwargs: Any) -> Any:
        target = kwargs.get("device")
        if not given.is_meta or target is None or torch.device(target).type == "meta":
            return func(*args, **kwargs)
        self.reads += 1
        return torch.ones(given.shape, dtype=kwargs.get("dtype") or given.dtype)
