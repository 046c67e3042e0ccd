"""`study words FILE|SLUG --language de`: what a further language lacks, to be filled in."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from studyapp.models import Study
from studyapp.studies.definition.file import parse_definition, toml_of
from studyapp.studies.definition.study import Definition, study_definition
from studyapp.studies.definition.translations import base_texts, missing_words
from studyapp.studies.names import shown_names

from .base import Verb, VerbError


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("study", help="a study file, or the slug of a loaded study")
    parser.add_argument("--language", required=True, help="its tag, such as de or zh-hans")


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    language = options["language"].lower()
    definition, names = _read(options["study"])
    known = definition.translations.get(language)
    words = missing_words(definition, language)
    names = [name for name in names if known is None or not known.names.get(name, "").strip()]
    texts = [one for one in base_texts(definition) if f"{one}-{language}" not in definition.texts]
    facts = {"language": language, "words": words, "names": names, "texts": texts}
    lines = [f'# [texts] {one}-{language} = "{one}.{language}.md"' for one in texts]
    for key, lacking in (("words", words), ("names", names)):
        if lacking:
            lines += [f"[translations.{language}.{key}]", *map(_empty, lacking), ""]
    return facts, lines or [f"Nothing is missing in {language}."]


def _read(told: str) -> tuple[Definition, list[str]]:
    """A study with the names that its pages show, which are known once its photos were chosen."""
    path = Path(told)
    if not path.is_file():
        study = Study.objects.filter(slug=told).first()
        if study is None:
            raise VerbError(f"{told} is neither a study nor a study file; name one of them")
        return study_definition(study), shown_names(study)
    text = path.read_text("utf-8-sig")
    try:
        # Without the rules: words that are missing are what is asked for.
        return Definition.model_validate(toml_of(text, path.name)), []
    except ValidationError:
        return parse_definition(text, path.name), []


def _empty(words: str) -> str:
    """A line of TOML, whose basic strings are written as those of JSON are."""
    return f'{json.dumps(words, ensure_ascii=False)} = ""'


VERB = Verb("what a further language of a study lacks, to be filled in", arguments, run)
