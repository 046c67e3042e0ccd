"""The papers that a study's data cite: of its questions, questionnaires, methods and networks."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .definition.catalogue import catalogue
from .definition.study import Definition

FILE = Path(__file__).with_suffix(".toml")
NUMBER = re.compile(r"arXiv (\S+?)(?:,|$)|doi (\S+?)(?:,|$)")


@dataclass(frozen=True)
class Reference:
    """A work that is cited. authors: “Family, G.” each."""

    authors: tuple[str, ...]
    title: str
    year: int
    journal: str = ""
    doi: str = ""
    arxiv: str = ""

    @property
    def address(self) -> str:
        """Where it is; empty for what has neither a DOI nor a number of arXiv."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        return f"https://arxiv.org/abs/{self.arxiv}" if self.arxiv else ""

    @property
    def sentence(self) -> str:
        """As a list of references has it, in the order of APA 7."""
        *others, last = self.authors
        names = f"{', '.join(others)}, & {last}" if others else last
        title = self.title if self.title[-1] in "?!" else f"{self.title}."
        journal = f" {self.journal}." if self.journal else ""
        return f"{names} ({self.year}). {title}{journal} {self.address}".strip()


def study_references(definition: Definition) -> list[Reference]:
    """What the study cites, each once: questions, questionnaires, methods, then networks."""
    names = dict.fromkeys(_names(definition))
    works = reference_table()["works"]
    return [Reference(**{**works[one], "authors": tuple(works[one]["authors"])}) for one in names]


def method_work(method: str) -> str:
    """The name of the work that the catalogue says a method comes from.

    Raises KeyError for a paper that is not in the table.
    """
    found = NUMBER.search(catalogue()["methods"][method]["paper"])
    number = "".join(filter(None, found.groups())) if found else ""
    return _numbers()[number]


def network_works(builder: str) -> list[str]:
    """The works about a network's architecture; none for a function of the operator's own."""
    table: Mapping[str, list[str]] = reference_table()["networks"]
    known = [name for name in table if builder.startswith(name)]
    return table[max(known, key=len)] if known else []


def _names(definition: Definition) -> Iterator[str]:
    table = reference_table()
    for name in definition.paradigms():
        yield from table["paradigms"].get(name, [])
    for block in definition.blocks:
        yield from table["instruments"].get(getattr(block, "instrument", None), [])
    known = catalogue()["methods"]
    for condition in definition.conditions:
        for method in filter(None, (condition.method, condition.versus)):
            if method in known:
                yield method_work(method)
    for network in definition.networks.values():
        yield from network_works(network.builder or "")


@cache
def reference_table() -> dict[str, Any]:
    """Of paradigms, instruments and networks the names of their works; and the works."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


@cache
def _numbers() -> dict[str, str]:
    """The works' names by their arXiv number and by their DOI."""
    works = reference_table()["works"].items()
    return {one[key]: name for name, one in works for key in ("arxiv", "doi") if key in one}
