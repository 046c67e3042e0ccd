"""Placeholders in sample texts, for researchers to replace: no real study opens with one."""

import re
from collections.abc import Iterator
from typing import Any

from studyapp.models import Study, StudyKind
from studyapp.studies.definition.study import study_definition
from studyapp.studies.texts import current_texts

# The mark of the sample files, and the words that stood in them before there was one
MARK = re.compile(r"\[\[.*?\]\]|This text is a frame\.", re.DOTALL)


def placeholders(study: Study) -> Iterator[str]:
    """Every placeholder left in a real study's texts and definition, a sentence each with its
    place; none in marked copies and demonstrations."""
    definition = study_definition(study)
    for name, text in current_texts(study).items():
        for told in placeholders_in(study, text.markdown):
            yield f"{definition.texts.get(name, name)}, {told}"
    if not _must_be_own(study):
        return
    for key, words in _texts(definition.model_dump(mode="json")):
        for found in MARK.finditer(words):
            yield f"`{key}`: {_sentence(found[0])}"


def placeholders_in(study: Study, markdown: str) -> Iterator[str]:
    """The same of one text, each with its line."""
    for found in MARK.finditer(markdown) if _must_be_own(study) else ():
        line = markdown.count("\n", 0, found.start()) + 1
        yield f"line {line}: {_sentence(found[0])}"


def _must_be_own(study: Study) -> bool:
    definition = study_definition(study)
    return study.kind == StudyKind.REAL and definition.kind == "real" and not definition.demo


def _sentence(placeholder: str) -> str:
    words = " ".join(placeholder.split())
    return f"“{words[:60]}” is a placeholder from the sample; write your own words there"


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """(dotted key, text) of every text of a definition."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(inner, f"{key}.{name}" if key else str(name))
