"""What a pass hands on in place of a map."""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor


class Edit(NamedTuple):
    """`change` of a map N×K×u×v, where its address is met for the `time`-th time (from 1); at other
    times it goes on as it is."""

    time: int
    change: Callable[[Tensor], Tensor]
