"""Captions: two networks that say in a sentence what stands where, word by word."""

from ready.captions.making import make
from ready.captions.measuring import check

__all__ = ["check", "make"]
