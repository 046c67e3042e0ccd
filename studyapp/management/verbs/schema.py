"""`study schema`: the JSON Schema of study files, for editors that complete and check TOML."""

import json
from argparse import ArgumentParser
from typing import Any

from studyapp.studies.definition.file import json_schema
from studyapp.studies.definition.reference import reference

from .base import Verb


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--markdown",
        action="store_true",
        help="a table of the keys, as docs/running-a-study.md has",
    )


def run(options: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    schema = json_schema()
    if options["markdown"]:
        return schema, reference()
    return schema, [json.dumps(schema, indent=2, ensure_ascii=False)]


VERB = Verb("the JSON Schema of study files, for editors", arguments, run)
