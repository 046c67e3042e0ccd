"""torchvision without PyTorch's compiler, which takes as long to load as PyTorch itself.

torchvision's `roi_align` imports `torch._dynamo` to ask it one question, and asks it only on a card
in deterministic mode. Every worker and every command that explains would load 900 modules for it:
1.5 s and 150 MB (PyTorch 2.14, torchvision 0.29).
"""

import importlib
import sys
from types import ModuleType
from typing import Any

COMPILER = "torch._dynamo.utils"


def _asked(name: str) -> Any:
    """Whatever else a version of torchvision imports from the compiler is the compiler's own."""
    if name.startswith("__"):  # the import system looks for __path__
        raise AttributeError(name)
    leave()
    return getattr(importlib.import_module(COMPILER), name)


def leave() -> None:
    """Take the stand-in away: who imports the compiler from now on gets the compiler."""
    if sys.modules.get(COMPILER) is stand_in:
        del sys.modules[COMPILER]


def _is_compile_supported(device: Any) -> Any:
    return importlib.import_module(COMPILER).is_compile_supported(device)


stand_in: Any = ModuleType(COMPILER)
stand_in.is_compile_supported = _is_compile_supported
stand_in.__getattr__ = _asked
sys.modules.setdefault(COMPILER, stand_in)
try:
    import torchvision
finally:
    leave()

__all__ = ["torchvision"]
