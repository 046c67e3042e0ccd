"""Small tidy tables as files and frames."""

from pathlib import Path

import pandas as pd

from studyapp.analyses.tidy import Outcome, Tidy

PARADIGM_OF = {"score": "trust", "correct": "discrimination"}


def make_tidy(outcome: Outcome, rows: list[tuple[str, str, str, int]]) -> Tidy:
    """Rows of participant, image, method and the outcome."""
    frame = pd.DataFrame(rows, columns=["participant", "image", "method", outcome])
    return Tidy(frame, PARADIGM_OF[outcome], outcome)


def crossed(methods: str, outcomes: str, *, people: int = 4) -> list[tuple[str, str, str, int]]:
    """Each person judges photo after photo with the methods in turn; outcomes are repeated."""
    cells = [(person, place) for person in range(people) for place in range(len(outcomes))]
    return [
        (
            f"p{person}",
            f"i{place}",
            methods[(person + place) % len(methods)],
            int(outcomes[(person * 3 + place) % len(outcomes)]),
        )
        for person, place in cells
    ]


def write_csv(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
