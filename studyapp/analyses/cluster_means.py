"""The raw data beside each estimate: every person's and every photo's own mean."""

import pandas as pd

from .tidy import Tidy

# To as many digits as a figure can show, so that results stay small with many people
DIGITS = 4


def cluster_means(tidy: Tidy, method: str) -> dict[str, list[float]]:
    """The means under `method` from the least to the greatest, by kind of cluster, nameless.

    Photos are left out where judgments are not about photos.
    """
    rows = tidy.frame[tidy.frame["method"] == method]
    kinds = {"people": "participant", **({"photos": "image"} if tidy.about_photos else {})}
    return {kind: _means(rows, tidy.outcome, column) for kind, column in kinds.items()}


def _means(rows: pd.DataFrame, outcome: str, column: str) -> list[float]:
    means = rows.groupby(column)[outcome].mean().round(DIGITS)
    return [float(one) for one in sorted(means)]
