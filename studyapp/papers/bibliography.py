"""The works that kits cite, from `bibliography.toml`, as BibTeX and in author-year style."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from studyapp.studies.references import reference_table

from .latex_text import bibtex_text, latex_text

FILE = Path(__file__).with_name("bibliography.toml")
# “ECCV 2022”
MEETING = re.compile(r"[^,]+ \d{4}")
# “Biometrika, 39, 324–345”
JOURNAL = re.compile(r"(?P<journal>[^,]+(?:, [^,\d]+)*), (?P<volume>\d+)(?:\([\d/–-]+\))?, "
                     r"(?P<pages>[\w–-]+)")  # fmt: skip


@dataclass(frozen=True)
class Work:
    """One entry. `authors`: “Family, Given”, an organisation in braces.

    fields: what BibTeX takes beside author, title and year, such as journal and doi.
    """

    key: str
    kind: str
    authors: tuple[str, ...]
    title: str
    year: str
    fields: Mapping[str, str]

    @property
    def families(self) -> list[str]:
        return [name.split(",")[0].strip("{}") for name in self.authors]

    @property
    def label(self) -> str:
        """As a text cites it: “Kim et al., 2022”."""
        names = self.families
        several = f"{names[0]} & {names[1]}" if len(names) == 2 else f"{names[0]} et al."
        return f"{names[0] if len(names) == 1 else several}, {self.year}"

    @property
    def entry(self) -> str:
        """As a list of references has it, with the address of a DOI or of arXiv."""
        names = [_initials(name) for name in self.authors]
        who = names[0] if len(names) == 1 else f"{', '.join(names[:-1])}, & {names[-1]}"
        place = ", ".join(filter(None, [
            self.fields.get("journal") or self.fields.get("booktitle"),
            self.fields.get("volume"), self.fields.get("pages", "").replace("--", "–"),
            self.fields.get("publisher"), self.fields.get("howpublished"), self.fields.get("note"),
        ]))  # fmt: skip
        told = f"{who.rstrip('.')}. ({self.year}). {self.title}."
        return " ".join(filter(None, [told, f"{place}." if place else "", self.address]))

    @property
    def address(self) -> str:
        if doi := self.fields.get("doi"):
            return f"https://doi.org/{doi}"
        if eprint := self.fields.get("eprint"):
            return f"https://arxiv.org/abs/{eprint}"
        return self.fields.get("url", "")

    def bibtex(self) -> str:
        """The entry for a .bib file; letters of the title keep their case."""
        told = {"year": self.year, **self.fields}
        if "eprint" in told:
            told["archiveprefix"] = "arXiv"
            if self.kind == "article":
                told.setdefault("journal", f"arXiv:{told['eprint']}")
        told = {name: bibtex_text(name, value) for name, value in told.items()}
        told["author"] = " and ".join(_bibtex_name(name) for name in self.authors)
        told["title"] = f"{{{latex_text(self.title)}}}"
        lines = [f"  {name} = {{{value}}}," for name, value in sorted(told.items())]
        return "\n".join([f"@{self.kind}{{{self.key},", *lines, "}\n"])


def _bibtex_name(name: str) -> str:
    if name.startswith("{"):
        return f"{{{latex_text(name.strip('{}'))}}}"
    # Commas part the family's name from the others
    return ", ".join(latex_text(part) for part in name.split(", "))


def _initials(name: str) -> str:
    """“Doe, Jane Mary” as “Doe, J. M.”."""
    if name.startswith("{"):
        return name.strip("{}")
    family, _, given = name.partition(",")
    letters = ["-".join(f"{part[0]}." for part in one.split("-") if part) for one in given.split()]
    return f"{family}, {' '.join(letters)}" if letters else family


@cache
def works() -> Mapping[str, Work]:
    """Every work by its key."""
    told = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {**_of_references(), **{key: _work(key, one) for key, one in told.items()}}


def _of_references() -> dict[str, Work]:
    """The works of a study's own data, whose journal stands with volume and pages in one text."""
    table: Mapping[str, Mapping[str, Any]] = reference_table()["works"]
    return {key: _of_reference(key, one) for key, one in table.items()}


def _of_reference(key: str, one: Mapping[str, Any]) -> Work:
    place = one.get("journal", "")
    found = JOURNAL.fullmatch(place)
    fields = {"doi": one.get("doi", ""), "eprint": one.get("arxiv", "")}
    if found is not None:
        fields |= {**found.groupdict(), "pages": found["pages"].replace("–", "--")}
    elif place:
        fields["booktitle" if MEETING.fullmatch(place) else "howpublished"] = place
    kinds = {"journal": "article", "booktitle": "inproceedings", "howpublished": "misc"}
    usual = "article" if fields["eprint"] else "misc"
    kind = next((kinds[name] for name in kinds if name in fields), usual)
    given = {name: value for name, value in fields.items() if value}
    return Work(key, kind, tuple(one["authors"]), one["title"], str(one["year"]), given)


def _work(key: str, told: Mapping[str, str]) -> Work:
    fields = dict(told)
    kind, title, year = (fields.pop(name) for name in ("type", "title", "year"))
    authors = tuple(fields.pop("author").split(" and "))
    return Work(key, kind, authors, title, year, fields)


def bib(cited: Iterable[Work]) -> str:
    """The text of a .bib file, in the order of the keys."""
    return "\n".join(one.bibtex() for one in sorted(cited, key=lambda one: one.key))
