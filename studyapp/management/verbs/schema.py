"""`study schema`: the JSON Schema of study files, for editors that complete and check TOML."""

import json
from argparse import ArgumentParser
from typing import Any

from studyapp.studies.definition import json_schema

from .base import Verb


def arguments(parser: ArgumentParser) -> None:
    """Takes none."""


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    schema = json_schema()
    return schema, [json.dumps(schema, indent=2, ensure_ascii=False)]


VERB = Verb("the JSON Schema of study files, for editors", arguments, run)
