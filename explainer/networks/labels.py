"""Class names in the order of a network's outputs."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from explainer.errors import ExplainerError

IMAGENET = "imagenet"


@cache
def imagenet_labels() -> tuple[str, ...]:
    """The 1000 class names in torchvision's order."""
    from torchvision.models import ResNet18_Weights

    return tuple(ResNet18_Weights.DEFAULT.meta["categories"])


def read_labels(labels: Sequence[str] | str | Path | None) -> tuple[str, ...]:
    """Labels given as a sequence, as "imagenet", or as a text file with one name a line."""
    if labels is None:
        return ()
    if labels == IMAGENET:
        return imagenet_labels()
    if not isinstance(labels, (str, Path)):
        return tuple(labels)
    try:
        lines = Path(labels).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ExplainerError(
            f"no labels can be read from {labels}", "give a UTF-8 file with one name per line"
        ) from error
    names = tuple(line.strip() for line in lines if line.strip())
    if not names:
        raise ExplainerError(f"{labels} contains no class names", "write one name per line")
    return names
