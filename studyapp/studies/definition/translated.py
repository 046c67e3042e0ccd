"""A study as people of one of its languages read it.

Answers are stored by number and analysed by the study's own file, so that a block is one wording in
whatever language it was read.
"""

from collections.abc import Iterator
from copy import copy
from functools import lru_cache
from typing import Any

from studyapp.models import Participation, Study, Trial
from studyapp.paradigms import PARADIGMS
from studyapp.sections.base import ReadByPeople
from studyapp.sections.limits import Place, marked_values

from .study import Definition, study_definition


def own_words(definition: Definition) -> Iterator[tuple[Place, str]]:
    """(place, words) of each of the study's own words on people's pages, but for Markdown texts."""
    places: set[Place] = set()
    for place, value, marks in marked_values(definition):
        is_read = any(isinstance(mark, ReadByPeople) for mark in marks)
        if is_read and isinstance(value, str) and value and place not in places:
            places.add(place)
            if place[0] != "display" or _names_robots(definition):
                yield place, value


def _names_robots(definition: Definition) -> bool:
    return any(PARADIGMS[block.paradigm].has_sides for block in definition.blocks)


def in_language(definition: Definition, language: str) -> Definition:
    """The definition with what people of a further language read in the place of its own words.

    Words that the language lacks stay as they are; `study check` lets no such file pass. Raises
    ValidationError where the other words make no study, such as a scale's with an empty end.
    """
    if language not in definition.translations:
        return definition
    stored = definition.model_dump(mode="json")
    translation = definition.translations[language]
    for place, words in own_words(definition):
        _put(stored, place, translation.words.get(words, words))
    for block in stored["blocks"]:
        # The digest of the file's own words
        block.pop("wording", None)
    return Definition.model_validate({**stored, "language": language})


def _put(stored: Any, place: Place, words: str) -> None:
    *inside, last = place
    for key in inside:
        stored = stored[key]
    stored[last] = words


def study_in_language(study: Study, language: str) -> Definition:
    """A study's definition as people of `language` read it; its own where it has no such one."""
    definition = study_definition(study)
    if language not in definition.translations:
        return definition
    if study.definition_digest:
        return _frozen_in(study.pk, study.definition_digest, language)
    return in_language(definition, language)


@lru_cache(maxsize=200)
def _frozen_in(study: int, digest: str, language: str) -> Definition:
    return in_language(study_definition(Study(pk=study, definition_digest=digest)), language)


def definition_for(person: Participation) -> Definition:
    """The definition as a person reads it: in the language in which they consented."""
    return study_in_language(person.study, person.language)


def trial_in_language(trial: Trial, definition: Definition) -> Trial:
    """The trial with the names that its page shows in the definition's language.

    Only for showing: a copy, because trials are remembered for everybody.
    """
    names = definition.names
    if not names or trial.stimulus is None:
        return trial
    shown, stimulus = copy(trial), copy(trial.stimulus)
    stimulus.category = names.get(stimulus.category, stimulus.category)
    stimulus.options = [names.get(str(one), one) for one in stimulus.options]
    shown.stimulus = stimulus
    return shown
