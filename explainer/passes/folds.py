"""Inputs that are no single picture, laid out as one: sound as a row of samples, the slices of a
volume and the frames of a film below each other.

What is computed value by value, or summed over all places, is the same in either layout. So
methods see pictures only; the network is run on what it takes, and maps are laid out back again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from explainer.errors import ExplainerError

from .grids import shape_shown

TAKEN = {1: "N×C×L", 2: "N×C×H×W", 3: "N×C×D×H×W"}
FRAMES = "N×T×C×H×W"


@dataclass(frozen=True)
class Fold:
    """`sizes`: the places of an input, (L,), (D, H, W) or (T, H, W), of T frames for `frames`."""

    sizes: tuple[int, ...]
    frames: bool = False

    @property
    def count(self) -> int:
        """How many frames there are of each case; 1 where there are none."""
        return self.sizes[0] if self.frames else 1

    def folded(self, images: Tensor) -> Tensor:
        """N×C×u×v of what the network takes."""
        whole = images.transpose(-4, -3) if self.frames else images
        return whole.reshape(*whole.shape[: -len(self.sizes)], -1, self.sizes[-1])

    def unfolded(self, pictures: Tensor) -> Tensor:
        """…×C×u×v, as the network takes it: …×C×L, …×C×D×H×W or …×T×C×H×W."""
        whole = pictures.reshape(*pictures.shape[:-2], *self.sizes)
        return whole.transpose(-4, -3) if self.frames else whole

    def places(self, maps: Tensor) -> Tensor:
        """…×u×v, as large as the pictures: …×L, …×D×H×W or …×T×H×W."""
        return maps.reshape(*maps.shape[:-2], *self.sizes)


def fold_of(images: Tensor, frames: int | None, places: int) -> Fold | None:
    """How these images are laid out as pictures; None of pictures. Refuses other shapes."""
    shape = shape_shown(images.shape)
    if frames is not None:
        if images.dim() != 5 or images.shape[1] != frames:
            raise ExplainerError(
                f"images are {shape}, and {frames} frames of each are declared",
                f"give {FRAMES} with T = {frames}",
            )
        return Fold((frames, *images.shape[-2:]), frames=True)
    if images.dim() != places + 2:
        raise ExplainerError(
            f"images are {tuple(images.shape)}",
            f"give a float tensor {TAKEN[places]}; anything else is declared: Network(frames=…) "
            f"for {FRAMES}, places=3 for {TAKEN[3]}, places=1 for {TAKEN[1]}",
        )
    return None if places == 2 else Fold(tuple(images.shape[2:]))


def refuse_declared(frames: int | None, places: int) -> None:
    """Refuse what can't be declared of a network's inputs."""
    if places not in TAKEN:
        raise ExplainerError(f"places={places!r}", "use 1 for sound, 2 for pictures, 3 for volumes")
    if frames is not None and (type(frames) is not int or frames < 1 or places != 2):
        raise ExplainerError(
            f"frames={frames!r} with places={places}",
            "give the number of frames of each case, and leave places out",
        )


def lengths_said(sizes: tuple[int, ...], shape: tuple[int, ...]) -> bool | None:
    """Whether the channels come last in a tensor of this shape whose places are said to be `sizes`;
    None where they fit neither way, or both."""
    fits = {False: tuple(shape[2:]) == sizes, True: tuple(shape[1:-1]) == sizes}
    found = [last for last, is_so in fits.items() if is_so]
    return found[0] if len(found) == 1 else None


def said_lengths(grid: Sequence[int]) -> tuple[int, ...]:
    """How long a layer's axes of places are, as a caller says; ExplainerError otherwise."""
    said = tuple(grid) if isinstance(grid, (tuple, list)) else ()
    if not said or not all(type(length) is int and length > 0 for length in said):
        raise ExplainerError(
            f"grid={grid!r}", "give the lengths of the layer's axes of places, such as (8, 7, 7)"
        )
    return said
