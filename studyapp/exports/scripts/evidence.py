"""The results without people whom the rule about automation flags, for reanalyse.py beside it."""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

Pair = tuple[str, Any, Any]


def compared(
    found: Any, rows: pd.DataFrame, table: Callable[[str], pd.DataFrame], contrast: Any
) -> Iterator[Pair]:
    """Every mean and contrast without them; `contrast` as in contrasts.py."""
    told = found.get("evidence")
    if told is None:
        return
    people = table("evidence")
    flagged = people.participant_id[people.flagged == "true"]
    kept = rows[~rows.participant.isin(flagged)]
    here = rows.participant[rows.participant.isin(flagged)].nunique()
    yield "flagged people", told["flagged"], here
    for name, one in told["methods"].items():
        values = kept.y[kept.method == name]
        yield f"{name} without flagged people, n", one["without"]["n"], len(values)
        yield f"{name} without flagged people", one["without"]["estimate"], values.mean()
    for one in told["contrasts"]:
        label = f"{one['a']} - {one['b']} without flagged people"
        estimate, _ = contrast(kept, one["b"], one["a"])
        yield label, one["without"]["estimate"], estimate
