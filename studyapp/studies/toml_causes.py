"""The likely cause of a TOML error in words, for whom the reader's own sentence does not help."""

import re
from collections.abc import Callable

PLACE = re.compile(r"\(at line (\d+), column \d+\)$")
CURLY = re.compile(r"[“”„‟«»‘’‚]")
INVISIBLE = re.compile(r"[\u00a0\u200b\u200c\u200d\u2060\u202f\ufeff]")
TWICE = re.compile(r"Cannot (overwrite|declare|mutate)")
NAMED_TRUTH = re.compile(r"=\s*(True|False|TRUE|FALSE|yes|no|Yes|No)\b")
DECIMAL_COMMA = re.compile(r"=\s*[+-]?\d+,\d")
BARE_TEXT = re.compile(r"=\s*[^\s\d\"'\[{#=+-]")
MARK = "\ufeff"

# What is looked for in (the reader's sentence, the line), and the sentence about it
Cause = tuple[Callable[[str, str], object], str]
CAUSES: tuple[Cause, ...] = (
    (lambda said, line: CURLY.search(_outside_texts(line)),
     "it has curly quotes; write straight ones (\")"),
    (lambda said, line: "\\" in line and ("escape" in said.lower() or "hex" in said.lower()),
     "a backslash between double quotes begins a special character; write the path with / "
     "(as C:/Users), or between single quotes"),
    (lambda said, line: INVISIBLE.search(line),
     "it has an invisible character, perhaps copied from a document; type the line again"),
    (lambda said, line: TWICE.search(said), "the same key or section appears twice; remove one"),
    (lambda said, line: NAMED_TRUTH.search(line), "write true or false, in small letters"),
    (lambda said, line: DECIMAL_COMMA.search(line), "write a decimal point instead of the comma"),
    (lambda said, line: BARE_TEXT.search(line), "a text needs straight quotes (\") around it"),
)  # fmt: skip


def likely_cause(text: str, said: str) -> str:
    """What is probably wrong with `text`, where Python's reader complained of it with `said`.

    Names the line; the reader's own words where no cause is known.
    """
    if text.startswith(MARK):
        return "it begins with an invisible byte order mark (BOM); save it as UTF-8 without BOM"
    found = PLACE.search(said)
    if found is None:
        return said
    line = text.split("\n")[int(found[1]) - 1]
    for applies, sentence in CAUSES:
        if applies(said, line):
            return f"line {found[1]}: {sentence} (the reader says: {PLACE.sub('', said).strip()})"
    return said


def _outside_texts(line: str) -> str:
    """The line without what stands between straight quotes."""
    return re.sub(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'", "", line)
