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
from explainer.passes.outputs import rows_of
from explainer.passes.regions import SOUGHT, refuse_other_answers
from explainer.passes.state import passing
from explainer.passes.targets import Wanted
from photos import Channels

from .explanation import explain, method_named, refuse_other_labels
from .own_photo import refuse_other_photos

Asked = Sequence[tuple[str, Mapping[str, Any]]]


def examine(
    network: Network, asked: Asked, *, channels: int | None = None, target: str | None = None
) -> None:
    """ExplainerError where the network has no classes to choose between, answers a photo by its
    company, or has no layer, no ReLU or no rule for one of the methods `asked`, each with its
    settings, or one that leaves nothing of its maps or that sees another photo of a case.

    `channels`: how many the files have that it will be asked about, 0 of photos. `target`: in what
    a class is explained, a word of `SOUGHT`; None where its score is.
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
        wanted: Wanted = None
        if target is not None:
            _refuse_without_layer(network, asked)
            wanted = _trial(network, image, target, logits.shape[1])
            if wanted is None:  # the picture shows nothing of what it detects
                return
        chosen = [(method_named(name), settings) for name, settings in asked]
        refuse_other_photos(network, image, chosen)
        for method, settings in _tried(network, image, asked, wanted):
            explain(network, image, wanted, [method], settings={method: settings})
    except ExplainerError as error:
        said = error.reason.removeprefix(f"{network.name}: ")
        raise ExplainerError(f"{network.name}: {said}", error.fix) from error


def _trial(network: Network, image: Tensor, target: str, answers: int) -> Wanted:
    """Something of the kind in the picture of grain, whatever it means; None where it has none.

    Of two classes it is tried whether the network's answers are those of its output; each photo
    tells it of its own class.
    """
    with torch.no_grad(), passing(network.module):
        output = network.run(network.placed(image))
    for class_ in (1, answers - 1):
        one = SOUGHT[target](class_)
        refuse_other_answers(one, network.scores, output, 1)
    return one.trial(next(rows_of(output)))


def _refuse_without_layer(network: Network, asked: Asked) -> None:
    for name, settings in asked:
        method = method_named(name)
        wants = method.looks_at(method.with_settings(dict(settings)))
        if network.layer is None and wants == "map":
            raise ExplainerError(
                f"{name} needs a layer, and the last map before its answers is its scores",
                'name the layer to explain in the study file, layer = "…", or in its function',
            )


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


def _tried(network: Network, image: Tensor, asked: Asked, wanted: Wanted) -> Asked:
    """Methods of one pass, with their settings, whose refusals are those of the methods `asked`."""
    tried: list[tuple[str, Mapping[str, Any]]] = []
    for name, settings in asked:
        method = method_named(name)
        record = method.with_settings(dict(settings))
        if method.layers is not None:
            method.layers(network, image, wanted, record)
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
