"""Values written into a study file, its comments and order left as they are."""

import json
import re

from .toml_lines import Path, key_lines

ASSIGNMENT = re.compile(r"^(\s*[A-Za-z0-9_.\"'-]+\s*=\s*)(.*)$")
COMMENT = re.compile(r"\s+#[^\"']*$")


class WritingError(ValueError):
    """A value that can't be written: one sentence with the mend."""


def with_value(toml: str, path: Path, value: str | int) -> str:
    """`toml` with `value` at `path`, which must be there on a line of its own.

    A comment behind the value stays. Raises WritingError where the key is missing or its value
    goes over several lines.
    """
    lines = toml.splitlines()
    number = key_lines(toml).get(path)
    name = ".".join(str(part) for part in path)
    if number is None:
        raise WritingError(f"the study file has no key {name}; add it first")
    match = ASSIGNMENT.match(lines[number - 1])
    if match is None or match[2].lstrip().startswith(('"""', "'''", "[", "{")):
        raise WritingError(f"{name} goes over several lines; change it in the file itself")
    comment = COMMENT.search(match[2])
    # JSON's strings are TOML's basic strings.
    written = json.dumps(value, ensure_ascii=False)
    lines[number - 1] = f"{match[1]}{written}{comment[0] if comment else ''}"
    return "\n".join(lines) + "\n"
