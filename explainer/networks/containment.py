"""Round code of others that makes networks: what it does beside that ends with it."""

import os
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any

import numpy as np
import torch

Setting = tuple[Callable[[], Any], Callable[[Any], Any]]  # how it is asked, and how it is set


@contextmanager
def contained() -> Iterator[None]:
    """What is printed goes to standard error, since commands write their results to standard
    output; the settings by which every later network would compute, and the folder, are as before,
    also after an error."""
    with redirect_stdout(sys.stderr), _put_back(SETTINGS):
        yield


@contextmanager
def drawing() -> Iterator[None]:
    """Random states are as before: round both calls, so that what is drawn by chance differs."""
    with torch.random.fork_rng(devices=[]), _put_back(DRAWS):
        yield


@contextmanager
def _put_back(settings: Sequence[Setting]) -> Iterator[None]:
    before = [(ask(), ask, put) for ask, put in settings]
    try:
        yield
    finally:
        for value, ask, put in before:
            if not _same(ask(), value):
                put(value)


def _same(one: Any, other: Any) -> bool:
    return repr(one) == repr(other)


def _put_device(device: torch.device) -> None:
    torch.set_default_device(None if device.type == "cpu" else device)


def _deterministic() -> tuple[bool, bool]:
    warns = torch.is_deterministic_algorithms_warn_only_enabled()
    return torch.are_deterministic_algorithms_enabled(), warns


def _put_deterministic(told: tuple[bool, bool]) -> None:
    torch.use_deterministic_algorithms(told[0], warn_only=told[1])


def _cudnn() -> tuple[bool, bool, bool]:
    cudnn = torch.backends.cudnn
    return cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic


def _put_cudnn(told: tuple[bool, bool, bool]) -> None:
    cudnn = torch.backends.cudnn
    cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic = told


def _autocast() -> tuple[bool, bool]:
    return torch.is_autocast_enabled("cpu"), torch.is_autocast_enabled("cuda")


def _put_autocast(told: tuple[bool, bool]) -> None:
    torch.set_autocast_enabled("cpu", told[0])
    torch.set_autocast_enabled("cuda", told[1])


def _numbers() -> Any:
    return np.random.get_state()  # that of whoever seeds the global one


def _put_numbers(state: Any) -> None:
    np.random.set_state(state)


SETTINGS: tuple[Setting, ...] = (
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.get_default_device, _put_device),
    (torch.is_grad_enabled, torch.set_grad_enabled),
    (torch.get_num_threads, torch.set_num_threads),
    (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    (_deterministic, _put_deterministic),
    (_cudnn, _put_cudnn),
    (_autocast, _put_autocast),
    (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    (os.getcwd, os.chdir),
    (sys.getrecursionlimit, sys.setrecursionlimit),
)
DRAWS: tuple[Setting, ...] = ((random.getstate, random.setstate), (_numbers, _put_numbers))
