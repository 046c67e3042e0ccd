"""The networks of a worker process, loaded once and described in their rows."""

import json
from contextlib import nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from django.conf import settings

import explainer
from explainer.passes.targets import in_probabilities
from studyapp.models import Case, Network, Prediction, Study
from studyapp.studies.definition.study import study_definition

from .batches import worker_name
from .device import FLOAT32, worker_precision
from .loads import BrokenOffError, counted
from .stored_files import asked_with

KEPT = 4
# Of a square whose side nobody has named; pictures are drawn at the display's size
CENTRE = 224


def loaded(network: Network) -> explainer.Network:
    """The explainer's network for a row; ExplainerError if its weights are not as they must be."""
    found = _load(json.dumps(_wanted(network), sort_keys=True), network.pk)
    first = network.described.get("weights_digest", found.weights_digest)
    if found.weights_digest != first:
        # Read again the next time: the file may have been fixed by then.
        _load.cache_clear()
        raise explainer.ExplainerError(
            f"the weights of {network} are {found.weights_digest[:12]}… here, "
            f"and were {first[:12]}… where the work began",
            "give every worker the same file, or put a new file's sha256 in the study file",
        )
    if network.described and network.labels != list(found.labels):
        _load.cache_clear()
        raise explainer.ExplainerError(
            f"the labels of {network} differ here from those where the work began",
            "give every worker the same file, or give a new file another name in the study file",
        )
    _refuse_other_precision(network)
    return found


def _refuse_other_precision(network: Network) -> None:
    """Rows that were described before their precision was recorded count as float32."""
    first, here = network.described.get("precision", FLOAT32), worker_precision()
    if network.described and here != first:
        raise explainer.ExplainerError(
            f"maps of {network} are computed in {here} here, and in {first} where the work began",
            f"set WORKER_PRECISION={first} for every worker",
        )


def _wanted(network: Network) -> dict[str, Any]:
    """What `_load` makes the explainer's network of."""
    return {
        "builder": network.builder,
        "weights": None if network.weights == "random" else network.weights,
        "sha256": network.sha256 or None,
        "labels": network.labels_file or None,
        "layer": network.layer or None,
        "grid": network.grid or None,
        "probabilities": network.probabilities or None,
        "options": network.options,
        "device": settings.WORKER_DEVICE,
    }


def network_for(study_id: int, network_id: int) -> explainer.Network | None:
    """The network of a batch; None where this worker can't load it, which the study then tells.

    It is asked before any row is claimed, so a worker that lacks a file uses up no attempts of
    rows; a load that broke off for another reason is asked for again as what nobody is at.
    """
    network = Network.objects.get(pk=network_id)
    try:
        return loaded(network)
    except BrokenOffError:
        return None
    except (explainer.ExplainerError, OSError) as error:
        stop(study_id, f"the network {network} can't be loaded by {worker_name()}: {error}")
        return None


def crop_beside_table(network: Network) -> explainer.Preprocess:
    """What people see of a photo where nobody loads the network: the square that it was given, as
    the study file says, or the largest one in the middle."""
    size = int(network.options.get("size", CENTRE))
    resize = int(network.options.get("resize", size))
    squash = bool(network.options.get("squash", False))
    return explainer.Preprocess(size=size, resize=resize, squash=squash)


def stop(study_id: int, problem: str) -> None:
    """Stop a study's preparation until a person has solved `problem` and asks for it again."""
    study = Study.objects.get(pk=study_id)
    study.problem = f"{problem}; then manage.py study prepare {study.slug}"
    study.save(update_fields=["problem"])


def describe(network: Network) -> None:
    """Fill the row with what only the network itself can tell: labels, layer, digests.

    ExplainerError where it reads its classes otherwise than when its predictions were made.
    """
    found = loaded(network)
    if network.described:
        _describe_form(network, found)
        return
    network.labels = list(found.labels)
    network.described = {
        "name": found.name,
        "layer": found.layer,
        "weights_digest": found.weights_digest,
        "preprocess_digest": found.preprocess.digest() if found.preprocess else "",
    }
    if worker_precision() != FLOAT32:
        network.described["precision"] = worker_precision()
    if found.probabilities != "softmax":
        network.described["probabilities"] = found.probabilities
    if found.grid is not None:
        network.described["grid"] = list(found.grid)
    if found.weights_taken_off:
        network.described["weights_taken_off"] = found.weights_taken_off
    network.save(update_fields=["labels", "described"])


def _describe_form(network: Network, found: explainer.Network) -> None:
    """Rows that were described before their form was recorded count as softmax."""
    if found.probabilities == network.described.get("probabilities", "softmax"):
        return
    ready = network.predictions.ready().order_by("pk").first()
    if ready is not None and _is_sigmoid(ready) != (found.probabilities == "sigmoid"):
        _load.cache_clear()
        raise explainer.ExplainerError(
            f"{network} now reads its classes by {found.probabilities}, and its stored predictions "
            "were read otherwise",
            "give every worker the function of before, or give the new one another name and name "
            "it in a study file with a new slug",
        )
    network.described["probabilities"] = found.probabilities
    network.save(update_fields=["described"])


def _is_sigmoid(prediction: Prediction) -> bool:
    """Whether each class was read by itself."""
    scores, shares = (torch.tensor(row) for row in list(zip(*prediction.top, strict=True))[1:])
    return torch.allclose(in_probabilities(scores[None], "sigmoid")[0], shares, atol=1e-5)


def examine(study: Study) -> None:
    """ExplainerError where a network of the study can't be explained as its conditions ask.

    Told before the first photo is predicted, in one sentence, and not by every photo's row.
    """
    definition = study_definition(study)
    first = study.images.order_by("case__digest").first()
    case = first.case_id if first is not None else None
    for pair in study.pairs.select_related("stronger", "weaker"):
        section = definition.pairs[pair.name]
        for row, name in ((pair.stronger, section.stronger), (pair.weaker, section.weaker)):
            if row is not None and name is not None and not row.is_table:
                wanted = json.dumps(_wanted(row), sort_keys=True)
                methods = json.dumps(definition.methods_of(name), sort_keys=True)
                _examine(
                    wanted, row.pk, methods, (case, definition.images.channels or 0), row.target
                )


@lru_cache(maxsize=64)
def _examine(
    wanted: str, key: int, methods: str, tried: tuple[int | None, int], target: str
) -> None:
    """Tried with what a case of the study (by key) is asked with, on files of so many channels."""
    case, channels = tried
    network = _load(wanted, key)
    entry = None if case is None else asked_with(Case.objects.get(pk=case), network)
    explainer.examine(
        network.asking([entry]), json.loads(methods), channels=channels, target=target or None
    )


def settings_digest(network: Network, method: str, settings: dict[str, Any]) -> str:
    return explainer.settings_digest(loaded(network), method, settings)


@lru_cache(maxsize=KEPT)
def _load(wanted: str, key: int | None) -> explainer.Network:
    """The network that `wanted` (JSON, so that it can be a key) describes, for the row `key`."""
    values: dict[str, Any] = json.loads(wanted)
    builder, options = values.pop("builder"), values.pop("options")
    if values["labels"] != explainer.networks.IMAGENET:
        _refuse_relative(builder, values["labels"])
    if values["weights"] is not None and values["weights"] not in explainer.weights_of(builder):
        _refuse_relative(builder, values["weights"])
    with counted(Network.objects.get(pk=key)) if key else nullcontext():
        return explainer.networks.load_asked(builder, options, **values)


def _refuse_relative(builder: str, name: str | None) -> None:
    """A file is named by its whole path: another would be looked for wherever the worker runs."""
    if name is not None and not Path(name).is_absolute():
        raise explainer.ExplainerError(
            f'a file of {builder} is named "{name}", which is not an absolute path',
            "load its study file again, with a new slug if that study was open",
        )
