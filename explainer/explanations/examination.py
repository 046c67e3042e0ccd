"""What stops a network from being explained as a study asks, told before any photo is read."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from explainer.errors import ExplainerError
from explainer.networks.contexts import refused_call
from explainer.networks.network import Network
from explainer.networks.preprocessing import Photo, Preprocess, Preprocessing, channels_of
from photos import Channels

from .explanation import explain, method_named, refuse_other_labels

Asked = Sequence[tuple[str, Mapping[str, Any]]]


def examine(network: Network, asked: Asked, *, channels: int | None = None) -> None:
    """ExplainerError where the network has no classes to choose between, answers a photo by its
    company, or has no layer, no ReLU or no rule for one of the methods `asked`, each with its
    settings, or one that leaves nothing of its maps.

    `channels`: how many the files have that it will be asked about, 0 of photos.
    Tried on a picture of coloured grain by a few passes; methods of many passes are not run.
    """
    if (network.frames, network.places) != (None, 2):
        raise ExplainerError(
            f"{network.name} takes films, volumes or sound, which studies can't show yet",
            "explain them with python -m explainer, or ask about single pictures",
        )
    if channels is not None:
        _refuse_other_files(network, channels)
    image = network.prepare([_grain(network.steps)])
    try:
        logits = _predicted(network, image)
        _refuse_single(logits)
        refuse_other_labels(network.labels, logits.shape[1])
        if not bool(torch.isfinite(logits).all()):
            return  # that may be this picture's fault: photos tell for themselves
        network.footprint(image)
        for method, settings in _tried(network, image, asked):
            explain(network, image, None, [method], settings={method: settings})
    except ExplainerError as error:
        said = error.reason.removeprefix(f"{network.name}: ")
        raise ExplainerError(f"{network.name}: {said}", error.fix) from error


def _refuse_single(logits: Tensor) -> None:
    """A network with one output gives its only class as the first one of every photo."""
    if logits.shape[1] == 1:
        raise ExplainerError(
            "it has only one class, so there is nothing to choose between",
            "have its module give two outputs, 0 and z, with a label each: the softmax of these is "
            "the sigmoid of z",
        )


def _refuse_other_files(network: Network, channels: int) -> None:
    """Refuse a network that takes other files than a study's, of so many `channels` (0: photos)."""
    wanted = channels_of(network.preprocess)
    if wanted != channels:
        takes, given = (f"files of {n} channels" if n else "photos" for n in (wanted, channels))
        raise ExplainerError(
            f"{network.name} takes {takes}, and the study gives {given}",
            "say in the study file how many channels the files have, [images] channels = …"
            if wanted
            else "leave channels out, or let the network declare them: Preprocess(channels=…, "
            "shown=…, values=…)",
        )


def _tried(network: Network, image: Tensor, asked: Asked) -> Asked:
    """Methods of one pass, with their settings, whose refusals are those of the methods `asked`."""
    tried: list[tuple[str, Mapping[str, Any]]] = []
    for name, settings in asked:
        method = method_named(name)
        record = method.with_settings(dict(settings))
        if method.layers is not None:
            method.layers(network, image, None, record)
        if method.may_fail:
            tried.append((name, settings))
        if method.layer == "map":
            layers = {key: settings[key] for key in ("layers", "stages") if key in settings}
            tried.append(("grad_cam", layers))
    return [one for place, one in enumerate(tried) if one not in tried[:place]]


def _grain(steps: Preprocessing) -> Photo:
    drawn, side = np.random.default_rng(0), steps.size
    if isinstance(steps, Preprocess) and steps.values is not None:
        values = drawn.uniform(*steps.values, (side, side, steps.channels))
        return Channels(values.astype(np.float32), "a picture of grain")
    pixels = drawn.integers(0, 256, (side, side, 3), dtype=np.uint8)
    is_grey = isinstance(steps, Preprocess) and steps.channels == 1
    return Image.fromarray(pixels).convert("L" if is_grey else "RGB")


def _predicted(network: Network, image: Tensor) -> Tensor:
    try:
        return network.predict(image)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:  # shapes that do not fit, such as those of no context
        if network.call is None:
            raise
        raise refused_call(network.name, network.context, error) from error
