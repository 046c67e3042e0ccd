"""A card's rules without a card: the `meta` device computes shapes and refuses mixed devices, and
what the host would have to wait for is counted."""

from typing import Any, Self

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from explainer.passes.layers import tensors_in

aten = torch.ops.aten
# What waits for a card by itself, as PyTorch's documentation says of each: the host has to know how
# much was found, or whether it went well.
WAITING = {
    *(aten.nonzero.default, aten.masked_select.default, aten._unique2.default),
    *(aten.bincount.default, aten.repeat_interleave.Tensor, aten._linalg_eigh.default),
    *(aten._linalg_svd.default, aten.linalg_eig.default, aten.linalg_inv_ex.default),
}
MAKING = {torch.tensor, torch.as_tensor, Tensor.new_tensor}


class PretendedCard(TorchDispatchMode):
    """Counts what makes the host wait for tensors on `meta` as on a card.

    `reads`: the host reads one (`.cpu()`, `.tolist()`, `.item()`, `bool()`); what is read is one.
    `sent`: a copy onto the card that waits, which begins only once every pass before it is done:
    any that isn't `non_blocking`, a tensor of numbers made there among them. `waits`: calls of
    WAITING. A card takes a single number of the host's, and tensors by `.to()` alone.
    """

    def __init__(self) -> None:
        super().__init__()
        self.reads = self.sent = self.waits = 0
        self._making = _Making(self)

    def __enter__(self) -> Self:
        self._making.__enter__()
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._making.__exit__(*error)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = [*tensors_in(args), *tensors_in((kwargs or {}).values())]
        places = {tensor.device.type for tensor in given if tensor.dim()}
        if func is aten._local_scalar_dense.default and given[0].is_meta:
            self.reads += 1
            return torch.ones((), dtype=given[0].dtype).item()
        if func is aten._to_copy.default:
            return self._copied(given[0], func, args, kwargs or {})
        if func in WAITING and "meta" in places:
            self.waits += 1
        if func is not aten.copy_.default and len(places) > 1:
            raise AssertionError(f"{func} mixes {' and '.join(sorted(places))}")
        if func is aten.copy_.default and len(places) > 1 and not _beside(args[2:], kwargs):
            self.sent += given[0].is_meta
            self.reads += not given[0].is_meta
        return func(*args, **(kwargs or {}))

    def _copied(self, given: Tensor, func: Any, args: Any, kwargs: Any) -> Any:
        target = kwargs.get("device")
        if target is None or (torch.device(target).type == "meta") == given.is_meta:
            return func(*args, **kwargs)
        if not given.is_meta:
            self.sent += not kwargs.get("non_blocking")
            return func(*args, **kwargs)
        self.reads += 1
        return torch.ones(given.shape, dtype=kwargs.get("dtype") or given.dtype)


def _beside(rest: Any, kwargs: Any) -> bool:
    return bool((*rest, (kwargs or {}).get("non_blocking", False))[0])


class _Making(TorchFunctionMode):
    """Numbers that are made a tensor on the card, which its kernels are not asked about."""

    def __init__(self, card: PretendedCard) -> None:
        super().__init__()
        self.card = card

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if func in MAKING and made.is_meta and made is not args[0]:
            self.card.sent += 1
        return made
