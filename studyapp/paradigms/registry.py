"""The paradigms that this installation knows: those that the setting PARADIGMS lists."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from .base import Paradigm


class Registered(Mapping[str, Paradigm]):
    """Paradigms by name, in the setting's order."""

    def __getitem__(self, name: str) -> Paradigm:
        return _loaded(tuple(settings.PARADIGMS))[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_loaded(tuple(settings.PARADIGMS)))

    def __len__(self) -> int:
        return len(settings.PARADIGMS)


@lru_cache(maxsize=8)
def _loaded(folders: tuple[str, ...]) -> Mapping[str, Paradigm]:
    found: dict[str, Paradigm] = {}
    for folder in folders:
        paradigm: Paradigm = import_module(f"{folder}.question").PARADIGM
        name = folder.rpartition(".")[2]
        if paradigm.name != name or name in found:
            raise ImproperlyConfigured(
                f"PARADIGMS: the paradigm in {folder} is called {paradigm.name}; give it the name "
                "of its folder, and list each name once"
            )
        found[name] = paradigm
    return found


PARADIGMS: Mapping[str, Paradigm] = Registered()
