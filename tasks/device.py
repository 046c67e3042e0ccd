"""What a worker computes on, and how exactly: as its settings say, and nothing else in silence."""

import logging
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

import explainer
from explainer.passes.devices import device_named

log = logging.getLogger(__name__)
FLOAT32 = "float32"
PRECISIONS = (FLOAT32, "bfloat16")


def worker_device() -> torch.device:
    """The device that WORKER_DEVICE names; ImproperlyConfigured where it is not there."""
    try:
        return device_named(settings.WORKER_DEVICE)
    except explainer.ExplainerError as error:
        raise ImproperlyConfigured(f"WORKER_DEVICE: {error}") from error


def worker_precision() -> str:
    """The type that WORKER_PRECISION names; ImproperlyConfigured where it is none of PRECISIONS."""
    if settings.WORKER_PRECISION not in PRECISIONS:
        raise ImproperlyConfigured(
            f'WORKER_PRECISION: there is no "{settings.WORKER_PRECISION}": '
            f"use {' or '.join(PRECISIONS)}"
        )
    return str(settings.WORKER_PRECISION)


def in_precision(device: torch.device) -> AbstractContextManager[Any]:
    """Products and convolutions in the worker's type where that is not float32, on this thread."""
    name = worker_precision()
    if name == FLOAT32:
        return nullcontext()
    return torch.autocast(device.type, dtype=getattr(torch, name))


def settle_arithmetic() -> None:
    """One study's maps may come from several workers, so a card rounds as a processor does: no
    TF32. Two torch threads on two shared cores have been ten times slower: scale by processes."""
    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    device = worker_device()
    card = torch.cuda.get_device_name(device) if device.type == "cuda" else "the processor"
    log.info("this worker computes on %s (%s) in %s", device, card, worker_precision())
