"""The Dockerfile, read line by line, and what it makes of this checkout without an engine."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Instruction:
    """One instruction, its lines joined: `word` in capitals, what follows it, and its stage."""

    stage: str
    word: str
    rest: str


def instructions(text: str = TEXT) -> list[Instruction]:
    """All of them, in their order, with the values that ARGs have by default."""
    plain = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    joined = re.sub(r"\\\n\s*", "", plain)
    found: list[Instruction] = []
    arguments: dict[str, str] = {}
    for line in filter(None, joined.splitlines()):
        word, _, rest = line.partition(" ")
        for name, value in arguments.items():
            rest = rest.replace(f"${{{name}}}", value)
        if word == "ARG":
            name, _, value = rest.partition("=")
            arguments[name] = value
        stage = rest.rpartition(" AS ")[2] if word == "FROM" else found[-1].stage
        found.append(Instruction(stage, word, rest.strip()))
    return found


def of_target(target: str, word: str) -> list[str]:
    """What follows `word` in a target and in the stage that it is built on."""
    return [
        one.rest for one in instructions() if one.stage in ("base", target) and one.word == word
    ]


def command_of(target: str) -> list[str]:
    command: list[str] = json.loads(of_target(target, "CMD")[-1])
    return command


def check_of(target: str) -> list[str]:
    """The words of a target's health check."""
    words: list[str] = json.loads(of_target(target, "HEALTHCHECK")[-1].partition("CMD ")[2])
    return words


def environment_of(target: str) -> dict[str, str]:
    """What ENV gives a process of the image."""
    pairs = [pair for line in of_target(target, "ENV") for pair in line.split()]
    return dict(pair.split("=", 1) for pair in pairs)


def is_sent(path: str, rules: str = IGNORED) -> bool:
    """Whether an engine gets a file of the checkout: the last rule that fits it or a folder
    above it decides (https://docs.docker.com/build/concepts/context/#dockerignore-files)."""
    sent = True
    for rule in (line.strip() for line in rules.splitlines() if line and line[0] != "#"):
        pattern = rule.removeprefix("!").strip("/")
        parts = path.split("/")
        above = ["/".join(parts[: depth + 1]) for depth in range(len(parts))]
        if any(_fits(one, pattern) for one in above):
            sent = rule.startswith("!")
    return sent


def _fits(path: str, pattern: str) -> bool:
    """`*` stops at a slash; `**/` stands for any folders, or none."""
    if pattern.startswith("**/"):
        return any(_fits(path.split("/", depth)[-1], pattern[3:])
                   for depth in range(path.count("/") + 1))  # fmt: skip
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


def copied(target: str) -> Iterator[tuple[Path, str]]:
    """Each file that COPY brings into a target, and where it then lies."""
    for rest in of_target(target, "COPY"):
        *sources, goal = rest.split()
        for source in sources:
            place = goal if len(sources) == 1 and goal != "./" else source
            whole = ROOT / source
            for file in sorted(whole.rglob("*")) if whole.is_dir() else [whole]:
                inside = file.relative_to(whole).as_posix()
                if file.is_file() and is_sent(file.relative_to(ROOT).as_posix()):
                    # Below /app, or where a path from the root says
                    yield file, (place if inside == "." else f"{place}/{inside}").lstrip("/")


def image_of(target: str, folder: Path) -> Path:
    """The files of one image, as .dockerignore lets them through, below `folder`."""
    for file, place in copied(target):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder / place)
    return folder
