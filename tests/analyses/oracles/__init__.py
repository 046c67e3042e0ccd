"""Simulated judgments, and what R's lme4 and ordinal say of them (make_oracles.R)."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

FOLDER = Path(__file__).parent


def oracle(name: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The judgments called `name`, and R's fits of them by the model's name."""
    answer: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return pd.read_csv(FOLDER / f"{name}.csv.gz"), answer


def r_effects() -> dict[str, Any]:
    """What R says of the effects in the tables “interaction” and “scores” (make_effects.R)."""
    told: dict[str, Any] = json.loads((FOLDER / "effects.json").read_text("utf-8"))
    return told
