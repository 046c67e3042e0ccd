"""A part of a paradigm's section: sentences, then figures, tables and models under one heading."""

from collections.abc import Sequence
from dataclasses import dataclass

from studyapp.analyses.figures import Figure
from studyapp.paradigms.tabulation import Table

from .models import Model


@dataclass(frozen=True)
class Part:
    """What stands under `title`."""

    title: str
    sentences: Sequence[str] = ()
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    models: Sequence[Model] = ()
