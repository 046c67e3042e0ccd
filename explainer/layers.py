"""Where in a network a map is taken: addresses of layers, and the last convolution's by default.

An address is a module's dotted name (`features.29`), or a name and the calls that follow:
`features.norm5 > relu` is what the call `relu` made of the output of `features.norm5`. A module
that runs several times in one forward pass means its last call.
"""

import copy
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple, Optional

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

from .errors import ExplainerError, did_you_mean

SEPARATOR = " > "
CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)
Hook = Callable[[nn.Module, tuple[Any, ...], Any], Any]
HOOKS = threading.RLock()  # held while hooks come, go, or are copied with their module


def address_of(module: nn.Module, layer: str | nn.Module) -> str:
    """The address of `layer` within `module`, with its module's name checked."""
    names = dict(module.named_modules(remove_duplicate=False))
    if isinstance(layer, nn.Module):
        found: str = next((name for name, child in names.items() if child is layer), "")
        if not found:
            raise ExplainerError(
                "the layer is not a module inside the network", "pass one of its own submodules"
            )
        return found
    first, *calls = (link.strip() for link in layer.split(SEPARATOR.strip()))
    if not first or first not in names:
        raise ExplainerError(f'no layer named "{first}"', did_you_mean(first, filter(None, names)))
    own = next(name for name, child in names.items() if child is names[first])
    return SEPARATOR.join([own, *calls])


@contextmanager
def hooked(modules: Mapping[str, nn.Module], make: Callable[[str], Hook]) -> Iterator[None]:
    """Forward hooks that only this thread's passes run, all removed again at the end."""
    thread = threading.get_ident()

    def only_here(hook: Hook) -> Hook:
        def run(module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
            return hook(module, args, output) if threading.get_ident() == thread else None

        run.passing = True  # type: ignore[attr-defined]  # `copied` leaves it behind
        return run

    scripted = [name for name, m in modules.items() if isinstance(m, torch.jit.ScriptModule)]
    if scripted:
        raise ExplainerError(
            f'"{scripted[0]}" is a traced or scripted module, which can\'t be looked into',
            "pass the original module, or use a method without a layer, such as gradient",
        )
    with ExitStack() as stack:
        with HOOKS:
            for name, module in modules.items():
                handle = module.register_forward_hook(only_here(make(name)))
                stack.callback(_remove, handle)
        yield


def _remove(handle: RemovableHandle) -> None:
    with HOOKS:
        handle.remove()


def copied(module: nn.Module) -> nn.Module:
    """A deep copy, without the hooks of passes that other threads are making meanwhile."""
    with HOOKS:
        twin = copy.deepcopy(module)
    for child in twin.modules():
        for key, hook in list(child._forward_hooks.items()):
            if getattr(hook, "passing", False):
                del child._forward_hooks[key]
    return twin


def tensors_in(args: Any) -> Iterator[Tensor]:
    """The tensors among a call's arguments, those inside lists too."""
    for arg in args:
        if isinstance(arg, Tensor):
            yield arg
        elif isinstance(arg, (tuple, list)):
            yield from tensors_in(arg)


class _Node(NamedTuple):
    """How a tensor came about: by a module, or by a call on what `parent` gave."""

    tensor: Tensor
    name: str
    parent: Optional["_Node"]
    is_module: bool


class _Trail(TorchFunctionMode):
    """Notes what happens to the map of each convolution until it is pooled."""

    def __init__(self) -> None:
        super().__init__()
        self.size: torch.Size | None = None
        self.known: dict[int, _Node] = {}
        self.calls: dict[str, int] = {}
        self.last: dict[torch.Size, _Node] = {}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        parents = (self.known[id(arg)] for arg in tensors_in(args) if id(arg) in self.known)
        parent = next(parents, None)
        if parent is not None and isinstance(out, Tensor) and "pool" not in func.__name__:
            self._note(_Node(out, func.__name__, parent, is_module=False))
        return out

    def hook(self, name: str) -> Hook:
        def run(module: nn.Module, args: tuple[Any, ...], out: Any) -> None:
            self.calls[name] = self.calls.get(name, 0) + 1
            if isinstance(module, CONVOLUTIONS) and _is_spatial(out):
                self.size, self.known = out.shape[2:], {}
                self._note(_Node(out, name, None, is_module=True))
            elif isinstance(out, Tensor) and id(out) in self.known:
                self._note(_Node(out, name, self.known[id(out)], is_module=True))

        return run

    def _note(self, node: _Node) -> None:
        self.known[id(node.tensor)] = node
        if node.tensor.dim() == 4 and node.tensor.shape[2:] == self.size:
            self.last[node.tensor.shape[2:]] = node

    def address(self, node: _Node) -> str:
        """The outermost module that gave the tensor; the calls before it if that ran twice."""
        if node.parent is None or (node.is_module and self.calls[node.name] == 1):
            return node.name
        parent = self.address(node.parent)
        return parent if node.is_module else f"{parent}{SEPARATOR}{node.name}"


def _is_spatial(out: Any) -> bool:
    return isinstance(out, Tensor) and out.dim() == 4 and out.shape[2] * out.shape[3] > 1


def stages(module: nn.Module, images: Tensor) -> tuple[str, ...]:
    """The address of the last map of each spatial size, in the order of the forward pass.

    One forward pass of `images` (1×C×H×W) finds them; a map is what the convolutions and all that
    follows them at the same size (normalisation, activation, sums, concatenation) have made before
    it is pooled. The last is Grad-CAM's usual layer: `features.29` of VGG-16, `layer4` of a ResNet.
    """
    trail = _Trail()
    named = {name: child for name, child in module.named_modules() if name}
    with torch.no_grad(), hooked(named, trail.hook), trail:
        module(images.clone())
    if not trail.last:
        raise ExplainerError("the network has no convolution with a map", 'name a layer: layer="…"')
    return tuple(trail.address(node) for node in trail.last.values())
