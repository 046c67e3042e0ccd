"""Networks that answer questions about composed photos of two things, and those photos."""

from .answerer import network
from .checking import check
from .making import make

__all__ = ["check", "make", "network"]
