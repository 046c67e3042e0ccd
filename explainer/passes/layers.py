"""Where in a network a map is taken: addresses of layers, and the hooks that wait there.

An address is a module's dotted name (`features.29`), or a name and the calls that follow:
`features.norm5 > relu` is what the call `relu` made of the output of `features.norm5`. Of a module
that runs several times in one forward pass, `encoder:0` is the first run, `encoder:1` the next, and
`encoder:last` the last one. Without a number the last is meant, where the score depends on the
others through it alone.
"""

import threading
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from explainer.errors import ExplainerError, did_you_mean

SEPARATOR = " > "
RUN = ":"
LAST = "last"
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
    if not isinstance(layer, str):
        raise ExplainerError(f"layer={layer!r}", "give a module's name or the module itself")
    first, *calls = (link.strip() for link in layer.split(SEPARATOR.strip()))
    named, run = run_named(first, names)
    if not named or named not in names:
        raise ExplainerError(f'no layer named "{named}"', did_you_mean(named, filter(None, names)))
    own = next(name for name, child in names.items() if child is names[named])
    return SEPARATOR.join([own + _checked(run, named), *calls])


def run_named(link: str, names: Container[str]) -> tuple[str, str]:
    """The module's name that an address begins with, and which of its runs is meant: a number,
    "last", or "" where none is said."""
    name, _, run = (part.strip() for part in link.rpartition(RUN))
    return (link, "") if link in names or not name or not run else (name, run)


def _checked(run: str, name: str) -> str:
    if run in ("", LAST):
        return run and RUN + run
    if not run.isdecimal():
        raise ExplainerError(
            f'layer "{name}" has no run "{run}"',
            f'count its runs from 0, "{name}{RUN}0", or write "{name}{RUN}{LAST}"',
        )
    return f"{RUN}{int(run)}"


@contextmanager
def hooked(
    modules: Mapping[str, nn.Module],
    make: Callable[[str], Hook],
    before: Callable[[str], Callable[..., None]] | None = None,
) -> Iterator[None]:
    """Forward hooks that only this thread's passes run, all removed again at the end.

    `make` gives a module's hook, `before` one that is run when the module is entered.
    """
    thread = threading.get_ident()

    def only_here(hook: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any) -> Any:
            return hook(*args) if threading.get_ident() == thread else None

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
                stack.callback(_remove, module.register_forward_hook(only_here(make(name))))
                if before is not None:
                    entered = module.register_forward_pre_hook(
                        only_here(before(name)), with_kwargs=True
                    )
                    stack.callback(_remove, entered)
        yield


def _remove(handle: RemovableHandle) -> None:
    with HOOKS:
        handle.remove()


def tensors_in(args: Any) -> Iterator[Tensor]:
    """The tensors among a call's arguments, those inside lists too."""
    for arg in args:
        if isinstance(arg, Tensor):
            yield arg
        elif isinstance(arg, (tuple, list)):
            yield from tensors_in(arg)
