"""A block of a study file, checked by the section of its own paradigm.

A key that only another paradigm reads is unknown here, as a misspelt one is.
"""

from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from studyapp.sections.blocks import BlockSection
from studyapp.shelf.likely_names import did_you_mean, unknown

from .registry import PARADIGMS


def checked_block(given: Any) -> BlockSection:
    """The block that `given` describes, as the section of its paradigm."""
    if isinstance(given, BlockSection):
        return given
    name = given.get("paradigm") if isinstance(given, dict) else None
    if isinstance(name, str) and name in PARADIGMS:
        return PARADIGMS[name].block.model_validate(given)
    if isinstance(name, str):
        words = unknown("blocks.paradigm", name, PARADIGMS)
        wrong = PydanticCustomError("unknown_paradigm", "{words}", {"words": words})
        raise ValidationError.from_exception_data(
            "block", [InitErrorDetails(type=wrong, loc=("paradigm",), input=name)]
        )
    # It names no paradigm: the section of all blocks says so.
    return BlockSection.model_validate(
        {key: value for key, value in given.items() if not readers_of(key)}
        if isinstance(given, dict)
        else given
    )


def readers_of(key: str) -> list[str]:
    """The paradigms that alone read a key; none for a key of every block or of none."""
    if key in BlockSection.model_fields:
        return []
    return sorted(name for name, one in PARADIGMS.items() if key in one.block.model_fields)


def unknown_key(key: str, paradigm: str) -> str:
    """What is wrong with a key that blocks of `paradigm` do not have."""
    if readers := readers_of(key):
        verb = "reads" if len(readers) == 1 else "read"
        return (
            f"only {' and '.join(readers)} {verb} it, it is an unknown key for {paradigm}; "
            "remove it"
        )
    return f"unknown key; {did_you_mean(key, PARADIGMS[paradigm].block.model_fields)}"


class ByParadigm:
    """Marks a block to be checked by its paradigm's own section."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(checked_block)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Any table: `block_schemas` tells the kinds of blocks."""
        return {"type": "object"}


def block_schemas() -> dict[str, Any]:
    """JSON Schemas of all kinds of blocks and their parts by name; each lists its paradigms."""
    names: dict[type[BlockSection], list[str]] = {}
    for name, paradigm in PARADIGMS.items():
        names.setdefault(paradigm.block, []).append(name)
    found: dict[str, Any] = {}
    for section, known in names.items():
        schema = section.model_json_schema()
        found |= schema.pop("$defs", {})
        schema["properties"]["paradigm"]["enum"] = known
        found[section.__name__] = schema
    return found


AnyBlock = Annotated[BlockSection, ByParadigm]
