"""What is wrong with a study's further languages: everything that people read is there in each."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from pydantic import ValidationError

from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.wording import PLACEHOLDER
from studyapp.sections.limits import beyond_limits
from studyapp.shelf.languages import pages_of, why_not_spoken

from .blocks import why_not_worded
from .rules import Complaint, Rule, rule
from .study import Definition
from .translated import in_language, own_words

# So many missing words are quoted; `study words` lists them all
QUOTED = 3
LONGEST = 40


def translation_rules(definition: Definition) -> Iterator[Rule]:
    for language in definition.translations:
        item = ("translations", language)
        yield rule(_language_complaints(definition, language), "language", item)
        yield rule(_missing_words(definition, language), "blocks display ethics sites", item)
        yield rule(_missing_texts(definition, language), "texts", item)
        yield rule(_wrong_words(definition, language), "blocks display ethics sites", item)


def missing_words(definition: Definition, language: str) -> list[str]:
    """The study's own words that a language lacks, each once, in the file's order."""
    known = definition.translations[language].words if language in definition.translations else {}
    return [one for one in dict.fromkeys(words for _, words in own_words(definition))
            if not known.get(one, "").strip()]  # fmt: skip


def base_texts(definition: Definition) -> list[str]:
    """The names of the texts in the study's own language."""
    ends = tuple(f"-{language}" for language in definition.translations)
    return [name for name in definition.texts if not ends or not name.endswith(ends)]


def _language_complaints(definition: Definition, language: str) -> Iterator[Complaint]:
    path = ("translations", language)
    if reason := why_not_spoken(language):
        yield path, f"`translations.{language}`: {reason}"
    same = [one for one in definition.languages if pages_of(one) == pages_of(language)]
    if len(same) > 1 and same[-1] == language:
        yield path, f"`translations.{language}`: its pages are those of {same[0]}; remove one"
    for block in definition.blocks:
        if why := why_not_worded(block, language):
            yield path, f"`translations.{language}`: {why}"


def _missing_words(definition: Definition, language: str) -> Iterator[Complaint]:
    if missing := missing_words(definition, language):
        yield (
            ("translations", language, "words"),
            f"`translations.{language}.words` lacks {quoted(missing)}; "
            f"`study words FILE --language {language}` prints all that is missing, to fill in",
        )


def quoted(words: Sequence[str]) -> str:
    """The first of some words and how many more there are."""
    told = [f"“{one if len(one) <= LONGEST else one[:LONGEST] + '…'}”" for one in words[:QUOTED]]
    more = len(words) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "")


def _missing_texts(definition: Definition, language: str) -> Iterator[Complaint]:
    for name in base_texts(definition):
        if (own := f"{name}-{language}") not in definition.texts:
            yield (
                ("texts", own),
                f"`texts.{own}` is missing; name the Markdown file of {name} in that language",
            )


def _wrong_words(definition: Definition, language: str) -> Iterator[Complaint]:
    """Words of no key, names in braces that got lost, and words that make no study."""
    section, path = definition.translations[language], ("translations", language, "words")
    key = f"`translations.{language}.words`"
    known = list(dict.fromkeys(words for _, words in own_words(definition)))
    for words, said in section.words.items():
        if words not in known:
            near = get_close_matches(words, known, n=1)
            fix = f"did you mean “{near[0]}”?" if near else "remove it"
            yield path, f"{key}: nothing in the study says “{words}”; {fix}"
        elif sorted(PLACEHOLDER.findall(words)) != sorted(PLACEHOLDER.findall(said)):
            names = ", ".join(PLACEHOLDER.findall(words)) or "no name in braces"
            yield path, f"{key}: “{said}” must have {names}, like “{words}”"
    try:
        translated = in_language(definition, language)
    except ValidationError as error:
        yield path, f"{key}: {error.errors()[0]['msg']}"
        return
    for _, sentence in beyond_limits(translated):
        yield path, f"{key}: in that language {sentence}"
    for block in translated.blocks:
        for _, sentence in PARADIGMS[block.paradigm].complaints(block, translated.texts):
            yield path, f"{key}: in that language {sentence}"
