"""The frozen record that `explain` returns: maps, what they are of, and how they were made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor, nn

from explainer.errors import ExplainerError, did_you_mean
from explainer.methods import METHODS
from explainer.methods.shapes import Form
from explainer.pictures import store
from explainer.pictures.montages import montage, strip
from explainer.pictures.render import Display, render

EXPLAINER = "1"


@cache
def versions() -> dict[str, str]:
    """Versions of the libraries whose arithmetic decides a map's values."""
    libraries = {name: version(name) for name in ("torch", "torchvision", "numpy", "pillow")}
    return libraries | {"explainer": EXPLAINER}


def versions_with(module: nn.Module) -> dict[str, str]:
    """`versions()`, and that of the package that brings the module's class."""
    return versions() | _version_of(type(module).__module__.partition(".")[0])


@cache  # a process loads one version of a package, and to look it up reads files
def _version_of(package: str) -> dict[str, str]:
    try:
        return {package: version(package)}
    except PackageNotFoundError:  # the researcher's own code
        return {}


def drawn(maps: Any, method: str, shown: Sequence[int], form: Form = "picture") -> Any:
    """The maps as they are drawn: of those per channel (…×C×H×W, of volumes …×C×D×H×W) the channels
    that are `shown`, if any; slices and frames come before channels."""
    if METHODS[method].shape != "input":
        return maps
    if form == "volume":
        maps = maps.moveaxis(-4, -3) if isinstance(maps, Tensor) else np.moveaxis(maps, -4, -3)
    return maps[..., list(shown), :, :] if shown else maps


@dataclass(frozen=True)
class Found:
    """What `explain` found. `found["grad_cam"]` are the raw maps, never normalised.

    `outputs`: N×classes logits (whatever the network gave, where targets are callable).
    `targets`: N or N×K class indices, None where callable. `layer`: the address explained;
    `beside`: where it was found by default, what else leads from the photo to the score.
    `checks[method]`: by name, N or N×K numbers that say how far a map keeps what it promises.
    `empty[method]`: N or N×K, the map has no positive value (signed maps: nothing but zeros).
    `shown`: which of the photos' channels people see, where these are read as files have them.
    `form`: what was explained, which decides how maps are drawn.
    `settings[method]`: defaults included. `seconds`: of the whole call.
    """

    maps: Mapping[str, Tensor]
    outputs: Any
    targets: Tensor | None
    layer: str | None
    empty: Mapping[str, Tensor]
    settings: Mapping[str, Mapping[str, Any]]
    seconds: float
    provenance: Mapping[str, Any]
    beside: tuple[str, ...] = ()
    checks: Mapping[str, Mapping[str, Tensor]] = field(default_factory=dict)
    shown: tuple[int, ...] = ()
    form: Form = "picture"

    def __getitem__(self, method: str) -> Tensor:
        if method not in self.maps:
            raise ExplainerError(f'"{method}" was not computed', did_you_mean(method, self.maps))
        return self.maps[method]

    def provenance_of(self, place: int) -> dict[str, Any]:
        """The provenance of one image's maps: of what the batch was asked, its own part."""
        said = dict(self.provenance)
        for key in ("context_digests", "target_digests", "targets"):
            if len(said.get(key, ())) > 1:  # one for each image, and not one for all
                said[key] = [said[key][place]]
        return said

    @property
    def several(self) -> bool:
        """Whether each image has K targets, so that maps are N×K×…"""
        return self.targets is not None and self.targets.dim() == 2

    def drawn(self, method: str) -> Tensor:
        """The method's maps as they are drawn: of maps per channel, those of the channels that
        people see."""
        maps: Tensor = drawn(self[method], method, self.shown, self.form)
        return maps

    def overlay(
        self,
        method: str,
        photos: Sequence[Any],
        display: Display | None = None,
        *,
        jointly: bool = False,
    ) -> list[Any]:
        """N RGB pictures, or N lists of K, of the maps over the crops that the network saw (what
        `Network.crop` gives: of films and volumes a list of pictures, of sound an array).

        `jointly`: the K maps of one image share their colour range.
        """
        maps = self.drawn(method)
        if len(photos) != len(maps):
            raise ExplainerError(f"{len(photos)} photos for {len(maps)} maps", "give one per image")
        draw = self._drawing(method, display)
        if not self.several:
            return [draw(map, photo) for map, photo in zip(maps, photos, strict=True)]
        return [
            [draw(map, photo, together=list(row) if jointly else ()) for map in row]
            for row, photo in zip(maps, photos, strict=True)
        ]

    def _drawing(self, method: str, display: Display | None) -> Callable[..., Image.Image]:
        signed = self._signed(method)
        if self.form == "sound":
            return partial(strip, display=display, signed=signed)
        if self.form == "picture" or self._own_axes(method) == 2:
            return partial(_of_picture, display=display, signed=signed)
        name = "frame" if self.form == "frames" else "slice"
        return partial(montage, display=display, signed=signed, name=name)

    def _own_axes(self, method: str) -> int:
        return self[method].dim() - (2 if self.several else 1)

    def _signed(self, method: str) -> bool:
        """Whether the method was asked for maps that keep both signs."""
        return bool(self.settings[method].get("signed", False))

    def save(
        self,
        folder: str | Path,
        photos: Sequence[Any] | None = None,
        display: Display | None = None,
        *,
        pictures: bool = True,
    ) -> str:
        """Write `maps.npz`, pictures unless they are unwanted, and `manifest.json` last.

        The pictures lie over the photos, one per image, or show colours alone without them (and no
        picture of a map that has neither one channel nor three). The manifest names every other
        file with its SHA-256; its own is returned.
        """
        folder = Path(folder)
        arrays = {name: maps.cpu().numpy() for name, maps in self.maps.items()}
        files = {"maps.npz": store.save_maps(folder / "maps.npz", arrays)}
        for name, picture in self._pictures(photos, display) if pictures else ():
            files[name] = store.save_picture(folder / name, picture)
        return store.save_manifest(folder / "manifest.json", self.manifest() | {"files": files})

    def _pictures(
        self, photos: Sequence[Any] | None, display: Display | None
    ) -> list[tuple[str, Image.Image]]:
        named = []
        for method in self.maps:
            for n, found in enumerate(self._shown(method, photos, display)):
                row = found if self.several else [found]
                ends = [f"-{k}" for k in range(len(row))] if self.several else [""]
                named += [
                    (f"pictures/{method}-{n}{end}.png", picture)
                    for end, picture in zip(ends, row, strict=True)
                ]
        return named

    def _shown(
        self, method: str, photos: Sequence[Any] | None, display: Display | None
    ) -> list[Any]:
        if photos is not None:
            return self.overlay(method, photos, display)
        maps, alone = self.drawn(method), replace(display or Display(), show_photo=False)
        is_per_channel = METHODS[method].shape == "input" and self.form != "sound"
        if is_per_channel and maps.shape[-3] not in (1, 3):
            return []
        draw = self._drawing(method, alone)
        if not self.several:
            return [draw(map) for map in maps]
        return [[draw(map) for map in row] for row in maps]

    def manifest(self) -> dict[str, Any]:
        """All but the maps and outputs themselves, as JSON can hold it."""
        return {
            "methods": list(self.maps),
            "shapes": {name: list(maps.shape) for name, maps in self.maps.items()},
            "targets": None if self.targets is None else self.targets.tolist(),
            "layer": self.layer,
            "beside": list(self.beside),
            "checks": {
                name: {key: values.tolist() for key, values in found.items()}
                for name, found in self.checks.items()
            },
            "empty": {name: empty.tolist() for name, empty in self.empty.items()},
            "settings": {name: dict(values) for name, values in self.settings.items()},
            "seconds": self.seconds,
            "provenance": dict(self.provenance),
        }


def _of_picture(map: Any, photo: Any = None, *, display: Display | None, **how: Any) -> Image.Image:
    """The map over its photo; colours alone where one map stands for several frames."""
    if isinstance(photo, Image.Image) or photo is None:
        return render(map, photo, display, **how)
    return render(map, None, replace(display or Display(), show_photo=False), **how)
