"""The likely cause of a TOML error, for researchers whom the parser's own message does not help."""

import re
from collections.abc import Callable

PLACE = re.compile(r"\(at line (\d+), column \d+\)$")
CURLY = re.compile(r"[“”„‟«»‘’‚]")
INVISIBLE = re.compile(r"[\u00a0\u200b\u200c\u200d\u2060\u202f\ufeff]")
TWICE = re.compile(r"Cannot (overwrite|declare|mutate)")
NAMED_TRUTH = re.compile(r"=\s*(True|False|TRUE|FALSE|yes|no|Yes|No)\b")
DECIMAL_COMMA = re.compile(r"=\s*[+-]?\d+,\d")
QUOTE_INSIDE = re.compile(r"""=\s*("[^"\\]+"[^\s",#\]}]|'[^']+'[^\s',#\]}])""")
SECTION = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
BARE_TEXT = re.compile(r"=\s*[^\s\d\"'\[{#=+-]")
# What stands between straight quotes
TEXTS = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'")
MARK = "\ufeff"

# What is looked for in (the parser's message, the line), and the sentence about it
CAUSES: tuple[tuple[Callable[[str, str], object], str], ...] = (
    (lambda said, line: CURLY.search(TEXTS.sub("", line)),
     "it has curly quotes; use straight ones (\")"),
    (lambda said, line: "\\" in line and ("escape" in said.lower() or "hex" in said.lower()),
     "a backslash between double quotes begins a special character; write the path with / "
     "(as C:/Users), or between single quotes"),
    (lambda said, line: INVISIBLE.search(line),
     "it has an invisible character, perhaps copied from a document; type the line again"),
    (lambda said, line: TWICE.search(said), "the same key or section appears twice; remove one"),
    (lambda said, line: NAMED_TRUTH.search(line), "write true or false, in small letters"),
    (lambda said, line: DECIMAL_COMMA.search(line), "write a decimal point instead of the comma"),
    (lambda said, line: QUOTE_INSIDE.search(line),
     "the text ends at its second quote; write \\\" for a quote inside double quotes, or put the "
     "other kind of straight quotes around the text"),
    (lambda said, line: BARE_TEXT.search(line), "a text needs straight quotes (\") around it"),
)  # fmt: skip


def likely_cause(text: str, said: str) -> str:
    """What is probably wrong with `text`, about which Python's parser said `said`.

    It names the line. Where no cause is known, it is `said` itself.
    """
    if text.startswith(MARK):
        return "it begins with an invisible byte order mark (BOM); save it as UTF-8 without a BOM"
    found = PLACE.search(said)
    if found is None:
        return said
    lines = text.split("\n")
    line = lines[int(found[1]) - 1]
    if TWICE.search(said) and (name := _in_one_bracket_and_two(lines, line)):
        return (
            f"line {found[1]}: the file has both [{name}] and [[{name}]]; write [[{name}]] each "
            f"time if there may be several, otherwise [{name}] once"
        )
    for applies, sentence in CAUSES:
        if applies(said, line):
            return f"line {found[1]}: {sentence} (the parser says: {PLACE.sub('', said).strip()})"
    return said


def _in_one_bracket_and_two(lines: list[str], line: str) -> str | None:
    """The name of the section that begins at `line`, where others of it have other brackets."""
    here = SECTION.match(line)
    if here is None:
        return None
    others = (SECTION.match(one) for one in lines)
    mixed = any(one and one[2] == here[2] and one[1] != here[1] for one in others)
    return here[2] if mixed else None
