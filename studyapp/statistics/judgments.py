"""A frame's judgments as the numbers that mixed models take."""

import numpy as np
import pandas as pd

from studyapp.statistics.glmm import Crossed
from studyapp.statistics.labels import codes


def crossed_of(frame: pd.DataFrame, methods: list[str]) -> Crossed:
    """Who judged which photo by which method, the first of `methods` being the reference."""
    number = {name: place for place, name in enumerate(methods)}
    method = np.array([number[name] for name in frame["method"]], dtype=np.int64)
    return Crossed(codes(frame["participant"]), codes(frame["image"]), method, methods)
