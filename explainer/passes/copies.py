"""A network's copy whose weights can be changed: nothing of it belongs to the network."""

import copy
from collections.abc import Iterator

from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from explainer.errors import ExplainerError

from .layers import HOOKS
from .state import MODULES_OWN


def copied(module: nn.Module) -> nn.Module:
    """A deep copy, without the hooks of passes that other threads are making meanwhile, and without
    what networks compute from their weights once and keep (as LeViT does).

    Networks drop that where their mode changes. ExplainerError where one still has it then: with
    other weights the copy would go on with the old ones.
    """
    computed = {id(one): one for one in _beside_weights(module) if one.grad_fn is not None}
    memo = {key: one.detach().clone() for key, one in computed.items()}
    stale = {id(one) for one in memo.values()}
    with HOOKS:
        twin = copy.deepcopy(module, {**memo})
    for child in twin.modules():
        for hooks in (child._forward_hooks, child._forward_pre_hooks):
            for key, hook in list(hooks.items()):
                if getattr(hook, "passing", False):
                    del hooks[key]
    modes = [child.training for child in twin.modules()]
    twin.train()
    twin.train(False)
    for child, mode in zip(twin.modules(), modes, strict=True):
        child.training = mode
    if any(id(one) in stale for one in _beside_weights(twin)):
        raise ExplainerError(
            "the network can't be copied, because it keeps a tensor that it computed from its "
            "weights",
            "load it again before it is explained, or let it compute that in each pass",
        )
    return twin


def _beside_weights(module: nn.Module) -> Iterator[Tensor]:
    """The tensors that modules hold, in lists and mappings too, and that are no weights."""
    for child in module.modules():
        room = {name: held for name, held in vars(child).items() if name not in MODULES_OWN}
        yield from (leaf for leaf in tree_leaves(room) if isinstance(leaf, Tensor))
