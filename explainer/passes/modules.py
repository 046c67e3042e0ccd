"""A network's modules, found by one quick walk.

Each call of `explain` walks anew, as modules may be moved or changed between two calls. PyTorch's
own walk, which nests a generator for each level, takes three times as long.
"""

from collections.abc import Iterable

from torch import Tensor, nn


def modules_of(module: nn.Module) -> list[nn.Module]:
    """The module and all inside it, each once, in the order of `nn.Module.modules`."""
    found, met, waiting = [], set(), [module]
    while waiting:
        child = waiting.pop()
        if child in met:
            continue
        met.add(child)
        found.append(child)
        if inside := child._modules:
            waiting += [one for one in reversed(inside.values()) if one is not None]
    return found


def kept_by(module: nn.Module) -> list[Tensor]:
    """Every parameter and buffer; a shared one is listed each time that it is met."""
    modules = modules_of(module)
    return weights_of(modules) + buffers_of(modules)


def weights_of(modules: Iterable[nn.Module]) -> list[Tensor]:
    """The parameters of these modules themselves, without those of their submodules."""
    rooms = [child._parameters for child in modules if child._parameters]
    return [values for room in rooms for values in room.values() if values is not None]


def buffers_of(modules: Iterable[nn.Module]) -> list[Tensor]:
    """The buffers of these modules themselves, without those of their submodules."""
    rooms = [child._buffers for child in modules if child._buffers]
    return [values for room in rooms for values in room.values() if values is not None]


class Names:
    """The submodules of a module by name, looked up one by one: listing all names takes a walk."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module

    def __contains__(self, name: object) -> bool:
        return self._at(str(name)) is not None

    def __getitem__(self, name: str) -> nn.Module:
        found = self._at(name)
        if found is None:
            raise KeyError(name)
        return found

    def _at(self, name: str) -> nn.Module | None:
        found: nn.Module | None = self._module
        for part in name.split(".") if name else ():
            if found is None or part not in found._modules:  # a script's is no dict
                return None
            found = found._modules[part]
        return found
