"""Explanations that are words: read from their files, and in which direction they run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studyapp import storage
from studyapp.models import Kind, Overlay, StimulusOverlay, WorkState

# Languages that are written from right to left, where no script is named
RIGHT_TO_LEFT = {"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "nqo", "ps", "sd", "syr", "ug",
                 "ur", "yi"}  # fmt: skip
SCRIPTS = {"adlm", "arab", "hebr", "mand", "nkoo", "rohg", "syrc", "thaa"}


@dataclass(frozen=True)
class Words:
    """A text as a page shows it: every character as it is, none of them markup."""

    text: str
    language: str
    direction: str


def direction_of(language: str) -> str:
    """How a language's tag (BCP 47) says that it is written: "rtl" or "ltr"."""
    first, *rest = language.lower().split("-")
    scripts = [part for part in rest if len(part) == 4 and part.isalpha()]
    is_right_to_left = scripts[0] in SCRIPTS if scripts else first in RIGHT_TO_LEFT
    return "rtl" if is_right_to_left else "ltr"


def look_of_words(settings: Mapping[str, Any]) -> dict[str, str]:
    """What a page says of a text beside its words, as the condition's settings have it."""
    language = str(settings["language"])
    return {
        "language": language,
        "direction": str(settings.get("direction") or direction_of(language)),
    }


def words_of(overlay: Overlay) -> Words:
    """The text of a ready overlay whose explanation is one."""
    text = storage.read(overlay.file, overlay.digest).decode()
    return Words(text, overlay.display["language"], overlay.display["direction"])


def words_by_role(stimulus: int, condition: int) -> dict[str, Words]:
    """The texts of a stimulus under a condition (both by key) that are ready, by their role."""
    uses = StimulusOverlay.objects.filter(
        stimulus=stimulus,
        condition=condition,
        overlay__explanation__kind=Kind.TEXT,
        overlay__state=WorkState.READY,
    )
    return {use.role: words_of(use.overlay) for use in uses.select_related("overlay")}
