"""What is asked about a photo of two things, one on the left and one on the right."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .things import THINGS

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")
NOUNS = tuple(THINGS)
ANSWERS = ("yes", "no", *SIDES, *NOUNS)
KINDS = ("what is on a side", "what is next to it", "is there one", "is it left", "where is it")


@dataclass(frozen=True)
class Question:
    """`about`: where the thing is that one has to find to answer; None where there is none."""

    kind: str
    text: str
    answer: str
    about: Side | None


def named(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def asked(nouns: Sequence[str], chance: random.Random) -> list[Question]:
    """A question of each kind about a photo with these nouns, the left one first. Each of its
    things is as likely to be asked about, and each answer to the last three kinds is as likely."""

    def either() -> tuple[Side, str, str]:
        place = chance.randrange(2)
        return SIDES[place], nouns[place], nouns[1 - place]

    side, noun, _ = either()
    found = [Question(KINDS[0], f"What is on the {side}?", noun, side)]
    side, noun, other = either()
    found.append(Question(KINDS[1], f"What is next to the {other}?", noun, side))
    if chance.randrange(2):
        side, noun, _ = either()
        found.append(Question(KINDS[2], f"Is there {named(noun)}?", "yes", side))
    else:
        noun = chance.choice([noun for noun in NOUNS if noun not in nouns])
        found.append(Question(KINDS[2], f"Is there {named(noun)}?", "no", None))
    side, noun, _ = either()
    text = f"Is the {noun} on the left?"
    found.append(Question(KINDS[3], text, "yes" if side == "left" else "no", side))
    side, noun, _ = either()
    found.append(Question(KINDS[4], f"Where is the {noun}?", side, side))
    return found
