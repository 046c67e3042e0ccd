"""The section of a study file about a further language of the study."""

from typing import Annotated

from pydantic import Field, StringConstraints

from .base import Section, Text
from .limits import Limit

# As addresses, names of texts and the data have it
LANGUAGE_PATTERN = r"^[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}$"
Language = Annotated[str, StringConstraints(pattern=LANGUAGE_PATTERN), Limit(35)]


class TranslationSection(Section):
    """Each of the study's own words, as it stands in the file, with what people read instead."""

    words: dict[Text, Text] = Field(
        default_factory=dict,
        description="The study's title, questions, answers, statements, robots, ethics and sites.",
    )
    names: dict[Text, Text] = Field(
        default_factory=dict,
        description="Names of classes and contexts of photos, as pages show them.",
    )
