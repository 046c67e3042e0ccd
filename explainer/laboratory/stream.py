"""A stream of photos in, saved explanations out: resumable, in bounded memory."""

import hashlib
import json
import shutil
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from tqdm import tqdm

from explainer.errors import ExplainerError
from explainer.explanations.batches import in_batches, refuse_size
from explainer.explanations.explanation import (
    Settings,
    explain,
    method_named,
    names_of,
    settings_digest,
)
from explainer.explanations.own_photo import refuse_other_photos
from explainer.explanations.record import EXPLAINER, Found
from explainer.networks.contexts import refuse_context
from explainer.networks.folded import folded
from explainer.networks.forms import refuse_training
from explainer.networks.network import Network
from explainer.passes.devices import PLAIN, arithmetic
from explainer.passes.named import Each, Target
from explainer.passes.targets import class_index
from explainer.pictures import store
from explainer.pictures.render import Display

from .asked import Asked, entry_of

WRITERS = 2
# A photo as it was given: its file, or with what is asked about it
Given = Path | Asked
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Saved:
    """What became of each photo: the folders made now and found whole, and why others failed.

    `empty`: of what was made now, the methods whose maps show nothing (see `Found.empty`).
    """

    made: dict[Given, Path] = field(default_factory=dict)
    present: dict[Given, Path] = field(default_factory=dict)
    failed: dict[Given, str] = field(default_factory=dict)
    empty: dict[Given, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """What is asked of each photo. `classes`: K indices for every one, None for its first class;
    `target`: a named target for every one instead.

    `arithmetic`: see `explainer.passes.devices`, of the thread that computes.
    """

    network: Network
    methods: tuple[str, ...]
    settings: Settings
    classes: tuple[int, ...] | None
    display: Display | None
    arithmetic: Mapping[str, Any]
    target: Target | None = None

    @cached_property
    def _digests(self) -> dict[str, str]:
        return {
            name: settings_digest(self.network, name, self.settings.get(name))
            for name in self.methods
        }

    def digest(self, photo: str, context: str = "") -> str:
        """SHA-256 (hex) of all that decides the files of a photo and a context, by theirs."""
        said: dict[str, Any] = {
            "photo": photo,
            "weights": self.network.weights_digest,
            "methods": self._digests,
            "classes": self.classes,
            "display": self.display and self.display.digest(),
            "explainer": EXPLAINER,
        }
        if self.target is not None:
            said["target"] = self.target.digest()
        if context:
            said["context"] = context
        if self.arithmetic != PLAIN:
            said["arithmetic"] = {k: v for k, v in self.arithmetic.items() if k != "card"}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def explain(self, images: Tensor, contexts: Sequence[Any]) -> Found:
        network = self.network.asking(contexts)
        view, pictures = folded(network, images)
        view.footprint(pictures, self.target)  # photos come together by chance
        if self.display is not None:
            chosen = [(method_named(name), self.settings.get(name) or {}) for name in self.methods]
            refuse_other_photos(view.of([0]), pictures[:1], chosen)
        if self.target is not None:
            return explain(network, images, self.target, self.methods, settings=self.settings)
        classes = None if self.classes is None else [list(self.classes)] * len(images)
        return explain(network, images, classes, self.methods, settings=self.settings)


@dataclass(frozen=True)
class _Photo:
    """A photo on its way; without `image` there is nothing to do."""

    given: Given
    folder: Path
    said: Mapping[str, str] = field(default_factory=dict)
    crop: Any = None
    image: Tensor | None = None
    entry: Any = None


def explain_many(
    network: Network,
    photos: Iterable[str | Path | Asked],
    folder: str | Path,
    *,
    targets: Sequence[str | int] | Target | None = None,
    methods: Sequence[str] = ("grad_cam",),
    layer: str | nn.Module | None = None,
    settings: Settings | None = None,
    display: Display | None = None,
    batch: int = 8,
    progress: bool = True,
) -> Saved:
    """Explain every photo and save each to a folder of its own in `folder`: files, each with
    what is asked about it (`Asked`) where the network takes more than photos.

    `targets`: classes (names or indices) or a named target to explain for every photo; None for
    each photo's first class. `display`: how pictures look; None saves maps without pictures.
    Reading and writing happen beside the computing; about 4 · `batch` photos are in memory at a
    time.

    A photo's folder is named by its file's stem and digest (of the file and of what is asked, if
    anything is), and holds what `Found.save` writes,
    the manifest last. Called again, only what is missing, damaged or made in another way is made.
    A photo that can't be read or explained is told, and the rest goes on. `progress`: show a bar
    and those photos on standard error while it runs; `failed` holds them in any case.
    """
    order = _order(network, (methods, settings or {}), targets, layer, display)
    refuse_size(batch)
    total = len(photos) if isinstance(photos, Sized) else None
    bar = tqdm(total=total, unit="photo", disable=not progress)
    with bar, ThreadPoolExecutor(WRITERS) as writers:
        run = _Run(order, bar, writers, 2 * batch)
        read = _reader(order, Path(folder))
        for given, found in in_batches(
            map(_given, photos), read, run.explained, size=batch, is_passed_by=run.passes_by
        ):
            run.take(given[0], found)
        while run.writing:
            run.settle()
    return run.saved


def _given(photo: str | Path | Asked) -> Given:
    return photo if isinstance(photo, Asked) else Path(photo)


def _order(
    network: Network,
    how: tuple[Sequence[str], Settings],
    targets: Sequence[str | int] | Target | None,
    layer: str | nn.Module | None,
    display: Display | None,
) -> Order:
    """The order, checked before the first photo is read."""
    methods, settings = how
    _ = network.steps  # refuses one without
    refuse_training(network.module)
    refuse_context(network.name, network.context)
    for name in (*names_of(methods), *settings):
        method_named(name)
    if "other_image" in methods and not settings.get("other_image", {}).get("photo"):
        raise ExplainerError(
            "other_image depends on which photos happen to be explained together",
            'name one: settings={"other_image": {"photo": …}}',
        )
    if layer is not None:
        network = network.at(layer)
    classes, how_exactly = _classes(network, targets), arithmetic(network.module)
    target = targets if isinstance(targets, Target) else None
    order = Order(network, tuple(methods), settings, classes, display, how_exactly, target)
    order.digest("")
    return order


def _classes(
    network: Network, targets: Sequence[str | int] | Target | None
) -> tuple[int, ...] | None:
    if isinstance(targets, Each):
        raise ExplainerError(
            "these are named targets of one image each, and photos come together by chance",
            "give one named target for all photos, or call explain() for each batch",
        )
    if targets is None or isinstance(targets, Target):
        return None
    if callable(targets):
        raise ExplainerError(
            "a callable target has no digest by which to resume",
            "give a named target (explainer.targets), or call explain() for each batch",
        )
    if isinstance(targets, (str, int)) or not len(targets):
        raise ExplainerError(f"targets={targets!r}", "give class names or indices, or None")
    named = [network.label_index(t) if isinstance(t, str) else class_index(t) for t in targets]
    wrong = [t for t in named if t < 0 or (network.labels and t >= len(network.labels))]
    if wrong:
        most = f", up to {len(network.labels) - 1}" if network.labels else ""
        raise ExplainerError(f"class index {wrong[0]} is out of range", f"use 0 or more{most}")
    return tuple(named)


def _reader(order: Order, folder: Path) -> Callable[[Given], _Photo]:
    network = order.network

    def read(given: Given) -> _Photo:
        path = given.path if isinstance(given, Asked) else given
        asked = given.whole_digest() if isinstance(given, Asked) else ""
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        case = hashlib.sha256(f"{digest}\n{asked}".encode()).hexdigest() if asked else digest
        own = folder / f"{path.stem}-{case[:12]}"
        request = order.digest(digest, asked)
        if is_whole(own, request):
            return _Photo(given, own)
        photo = network.open(data)
        crop = network.crop(photo)
        said = {"photo": path.name, "photo_sha256": digest, "request": request}
        entry = None
        if isinstance(given, Asked):
            entry = entry_of(network, given.context, given.further)
        return _Photo(given, own, said, crop, network.seen(photo, crop), entry)

    return read


def is_whole(folder: Path, request: str) -> bool:
    """Whether the folder holds, file by file, what the request's manifest says."""
    try:
        manifest = json.loads(store.read_bytes(folder / MANIFEST))
        if manifest["provenance"]["request"] != request:
            return False
        for name, sha256 in manifest["files"].items():
            store.verify(folder / name, sha256)
    except (ExplainerError, ValueError, KeyError, TypeError):
        return False  # missing or damaged: it is made again
    return True


class _Run:
    """What becomes of the photos, told as they come out of the batches, and their writing."""

    def __init__(self, order: Order, bar: Any, writers: ThreadPoolExecutor, depth: int) -> None:
        self.order, self.bar, self.writers, self.depth = order, bar, writers, depth
        self.saved = Saved()
        self.under_way: set[Path] = set()
        self.writing: deque[tuple[_Photo, Future[None]]] = deque()

    def passes_by(self, photo: _Photo) -> bool:
        """Whether a photo needs no computing, being there already or given twice."""
        if photo.image is not None and photo.folder not in self.under_way:
            self.under_way.add(photo.folder)
            return False
        self.saved.present[photo.given] = photo.folder
        self.bar.update()
        return True

    def explained(self, photos: Sequence[_Photo]) -> list[tuple[_Photo, Found]]:
        images = [photo.image for photo in photos if photo.image is not None]
        entries = [one.entry for one in photos]
        found = self.order.explain(self.order.network.batch(images), entries)
        return [(photo, _single(found, n, photo.said)) for n, photo in enumerate(photos)]

    def take(self, given: Given, found: list[tuple[_Photo, Found]] | Exception) -> None:
        """Tell of a photo that failed, or write what was found of a batch."""
        if isinstance(found, Exception):
            self.tell(given, found)
            return
        for photo, single in found:
            if empty := tuple(name for name, is_empty in single.empty.items() if is_empty.any()):
                self.saved.empty[photo.given] = empty
            self.writing.append((photo, self.writers.submit(_write, single, photo, self.order)))
        while len(self.writing) > self.depth:
            self.settle()

    def tell(self, given: Given, error: Exception) -> None:
        path = str(given)
        if isinstance(error, OSError):
            problem = f"{path} can't be read ({error.strerror}): give a photo file"
        elif isinstance(error, ExplainerError):
            named = str(error).replace("the photo", path, 1)
            problem = named if named.startswith(path) else f"{path}: {error}"
        else:
            problem = f"{path}: {type(error).__name__}: {error}"
        self.saved.failed[given] = problem
        if not self.bar.disable:
            self.bar.write(problem, file=sys.stderr)
        self.bar.update()

    def settle(self) -> None:
        photo, written = self.writing.popleft()
        written.result()
        self.saved.made[photo.given] = photo.folder
        self.bar.update()


def _single(found: Found, n: int, said: Mapping[str, str]) -> Found:
    """The n-th image's part of a batch's record, with the photo in its provenance."""
    part = slice(n, n + 1)
    return replace(
        found,
        maps={name: maps[part] for name, maps in found.maps.items()},
        outputs=_row(found.outputs, part),
        targets=None if found.targets is None else found.targets[part],
        empty={name: empty[part] for name, empty in found.empty.items()},
        checks={
            name: {key: values[part] for key, values in own.items()}
            for name, own in found.checks.items()
        },
        provenance={**found.provenance_of(n), **said},
    )


def _row(outputs: Any, part: slice) -> Any:
    """The part of an output of any form that a named target can read."""
    if isinstance(outputs, Mapping):
        return {key: _row(values, part) for key, values in outputs.items()}
    if isinstance(outputs, tuple):
        return tuple(_row(values, part) for values in outputs)
    return outputs[part]


def _write(found: Found, photo: _Photo, order: Order) -> None:
    if photo.folder.exists():  # damaged, or made in another way: nothing of it may stay
        (photo.folder / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(photo.folder)
    photos = None if photo.crop is None else [photo.crop]
    found.save(photo.folder, photos, order.display, pictures=order.display is not None)
