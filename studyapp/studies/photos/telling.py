"""What no text of another tool may say or hold, by its row."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from photos.tables import Record, TableError
from studyapp.paradigms import PARADIGMS
from studyapp.sections.design import ConditionSection
from studyapp.studies.definition.study import Definition

# The kind, and its column
WORDS = "text"
# Of a text, in characters
LONGEST = 2000
# Thai, Lao, Burmese, Khmer, kana and Han characters, between whose words no space stands
UNPARTED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
# By network; None where only a worker could tell
Labels = Mapping[str, Sequence[str] | None]


@dataclass(frozen=True)
class Telling:
    """What no text of a condition may say, because it answers what people are asked."""

    labels: Labels
    hides_class: str
    networks: dict[str, str]
    hides_network: str
    hides_category: str = ""
    categories: Sequence[str] = ()

    @classmethod
    def of(
        cls,
        condition: ConditionSection,
        definition: Definition,
        labels: Labels,
        categories: Sequence[str] = (),
    ) -> "Telling":
        """labels: of each network; categories: the names of what is on the photos."""
        paradigms = [
            PARADIGMS[name]
            for name in definition.paradigms()
            if condition in definition.conditions_of(name)
        ]
        networks = {}
        for name, section in definition.networks.items():
            networks[name] = name
            networks[section.builder.rpartition(":")[2]] = name
        networks.pop("", None)
        return cls(
            labels,
            next((one.name for one in paradigms if one.hides_class), ""),
            networks,
            next((one.name for one in paradigms if one.hides_network), ""),
            next((one.name for one in paradigms if one.parts_classes), ""),
            categories,
        )

    def refuse(self, record: Record, network: str) -> None:
        """TableError for a text that can't be shown, or that answers the question."""
        text = record.cells[WORDS]
        if len(text) > LONGEST:
            raise TableError(
                f"{record.where}: a text of {len(text):,} characters, and {LONGEST:,} is the "
                "limit; shorten it"
            )
        if any(unicodedata.category(one) == "Cc" and one not in "\r\n\t" for one in text):
            raise TableError(
                f"{record.where}: the text holds a character that can't be shown; type it again"
            )
        if self.hides_class:
            labels = self.labels[network]
            if labels is None:
                raise TableError(
                    f"{record.where}: whether a text names a class that {self.hides_class} asks "
                    f"about is not known before {network} is loaded; name the file of its class "
                    f"names as `networks.{network}.labels`"
                )
            if named := _named(text, labels):
                raise TableError(
                    f"{record.where}: the text names the class {named}, which answers "
                    f"{self.hides_class}; say it without the name"
                )
        if self.hides_category and (named := _named(text, self.categories)):
            raise TableError(
                f"{record.where}: the text names what is on photos, {named}, which answers "
                f"{self.hides_category}; say it without the name"
            )
        if self.hides_network and (named := _named(text, self.networks)):
            raise TableError(
                f"{record.where}: the text names the network {self.networks[named]}, which answers "
                f"{self.hides_network}; say it without the name"
            )


def _named(text: str, names: Iterable[str]) -> str:
    """The first of the names that stands in the text as words of its own, whatever their case, or
    anywhere in it where its script parts no words; empty where none does."""
    words = f" {_bare(text)} "
    for name in names:
        bare = _bare(name)
        if bare and (bare if UNPARTED.search(bare) else f" {bare} ") in words:
            return name
    return ""


@lru_cache(maxsize=4096)  # the same names are looked for in every text
def _bare(text: str) -> str:
    """Letters and digits, words parted by one space."""
    return " ".join(re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold()))
