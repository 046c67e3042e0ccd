"""Ready studies whose photos and networks have to be made first, and what makes them."""

import fcntl
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ready.errors import MakingError
from ready.folders import ROOT, var

if TYPE_CHECKING:  # listing studies loads no PyTorch
    from ready.measures import Measured


@dataclass(frozen=True)
class Ready:
    """A module with `make(folder)`, which writes the folder whole or not at all and does nothing
    where it is there, and perhaps `check(folder)`, which measures what was made."""

    module: str
    # Of two cores, roughly
    minutes: int
    # Functions that make its networks, which processes have to be allowed to call
    factories: tuple[str, ...] = ()


# By the name of the folder in var/demo, which is that of the file in fixtures/studies, but for the
# photos that several studies ask about
PHOTOS = "photos"
READY = {
    PHOTOS: Ready("ready.photos.sets", 1),
    "adversarial": Ready("ready.adversarial", 3),
    "another-tool": Ready("ready.another_tool", 1),
    "biased-twins": Ready("ready.biased_twins", 4),
    "captions": Ready("ready.captions", 3, factories=("ready.captions.network:captioner",)),
    "failure-modes": Ready("ready.failure_modes", 1),
    "group-cam": Ready("ready.group_cam", 4),
    "navigator": Ready(
        "ready.navigator.making", 5, factories=("ready.navigator.networks:steering",)
    ),
    "neuron-names": Ready("ready.neuron_names.study", 1),
    "paper-pair": Ready("ready.paper_pair", 2),
    "policy": Ready("ready.policy", 3, factories=("ready.policy:policy",)),
    "similarity": Ready(
        "ready.similarity.study",
        2,
        factories=("ready.similarity.networks:alexnet", "ready.similarity.networks:vgg16"),
    ),
    "transformers": Ready("ready.transformers", 10),
    "voc": Ready("ready.voc", 40),
    "vqa": Ready("ready.vqa", 5, factories=("ready.vqa:network",)),
    "vqa-photos": Ready("ready.vqa_photos", 5, factories=("ready.vqa_photos:network",)),
}


def with_factories(named: str) -> str:
    """A value of NETWORK_FACTORIES that allows every ready study's networks beside those of
    `named`, such a value itself."""
    ours = (factory for ready in READY.values() for factory in ready.factories)
    return ",".join(dict.fromkeys([*filter(None, map(str.strip, named.split(","))), *ours]))


# How a file in fixtures/studies names what was made
MADE = "../../var/demo/"
FILES = ROOT / "fixtures" / "studies"


def ready_files() -> dict[str, Path]:
    """By their names, the study files whose photos and networks can be made here."""
    by_name = sorted(FILES.glob("*.toml"), key=lambda path: path.stem)
    return {path.stem: path for path in by_name if needed_by(path)}


def needed_by(file: Path) -> list[str]:
    """The names of what a study file needs made, each once; none for files of other places."""
    found = re.findall(rf'"{re.escape(MADE)}([\w-]+)', file.read_text("utf-8"))
    return list(dict.fromkeys(found))


def folder_of(name: str) -> Path:
    """Where a ready study's photos and networks lie."""
    return var() / "demo" / name


def make(name: str) -> None:
    """Make what the study needs, as soon as no other process makes anything in the same place;
    MakingError where it can't be made."""
    with _alone(), _refusals(f"{name} can't be made"):
        _function(name, "make")(folder_of(name))


@contextmanager
def _refusals(failed: str) -> Iterator[None]:
    """MakingError in place of the errors that other rooms refuse with."""
    from explainer.errors import ExplainerError
    from photos import PhotoError

    try:
        yield
    except (ExplainerError, PhotoError) as error:
        raise MakingError(str(error)) from error
    except ModuleNotFoundError as error:
        raise MakingError(
            f"{failed} without the Python module {error.name}, which is not installed here: "
            "install what requirements/demo.lock lists, as `make install-demo` does."
        ) from error


@contextmanager
def _alone() -> Iterator[None]:
    """One at a time in one folder, also of processes whose parents were killed: a kernel's lock
    ends with its process."""
    lock = folder_of(".making.lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another process, which is making something …", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def check(name: str) -> "Sequence[Measured]":
    """What was measured; MakingError where nothing was made yet or nothing can be measured."""
    if not folder_of(name).exists():
        raise MakingError(f"{folder_of(name)} is missing: run `python -m ready make {name}` first.")
    with _refusals(f"{name} can't be measured"):
        found: Sequence[Measured] = _function(name, "check")(folder_of(name))
    return found


def _function(name: str, verb: str) -> Callable[..., Any]:
    if name not in READY:
        raise MakingError(f"There is no ready study {name}; there are {', '.join(READY)}.")
    function: Callable[..., Any] | None = getattr(import_module(READY[name].module), verb, None)
    if function is None:
        raise MakingError(f"There is nothing to {verb} for {name}.")
    return function
