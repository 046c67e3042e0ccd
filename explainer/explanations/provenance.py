"""Which versions of which libraries made a map."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def versions() -> dict[str, str]:
    """Versions of the libraries whose arithmetic decides a map's values."""
    return {name: _version(name) for name in ("torch", "torchvision", "numpy", "pillow")} | {
        "explainer": EXPLAINER
    }


EXPLAINER = "1"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
