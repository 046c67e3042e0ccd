"""What a worker computes on, and how exactly: one setting, and no silent processor for a card."""

import logging

import torch
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

import explainer
from explainer.passes.devices import device_named

log = logging.getLogger(__name__)


def worker_device() -> torch.device:
    """The device that WORKER_DEVICE names; ImproperlyConfigured where it is not there."""
    try:
        return device_named(settings.WORKER_DEVICE)
    except explainer.ExplainerError as error:
        raise ImproperlyConfigured(f"WORKER_DEVICE: {error}") from error


def settle_arithmetic() -> None:
    """One study's maps may come from several workers, so a card rounds as a processor does: no
    TF32. Two torch threads on two shared cores have been ten times slower: scale by processes."""
    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    device = worker_device()
    card = torch.cuda.get_device_name(device) if device.type == "cuda" else "the processor"
    log.info("this worker computes on %s (%s)", device, card)
