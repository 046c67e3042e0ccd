"""Functions of one name that hold other things are told apart wherever maps are found again."""

import functools
import operator
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from torch import Tensor, nn

from explainer import ExplainerError, Network, Preprocess, explain, explain_many, settings_digest
from explainer.networks.functions import refuse_untold, told
from tests.explainer.coco_sets import noisy_photos
from tests.explainer.small_networks import small


def scaled(module: nn.Module, images: Tensor, context: Any, by: Any = 1.0) -> Any:
    return module(images) * by


def closure(by: Any) -> Callable[..., Any]:
    def call(module: nn.Module, images: Tensor, context: Any) -> Any:
        return module(images) * by

    return call


def nested(by: Any) -> Callable[..., Any]:
    inner = closure(by)

    def call(module: nn.Module, images: Tensor, context: Any) -> Any:
        return inner(module, images, context)

    return call


def by_default(by: Any) -> Callable[..., Any]:
    def call(module: nn.Module, images: Tensor, context: Any, by: Any = by) -> Any:
        return module(images) * by

    return call


def by_named_default(by: Any) -> Callable[..., Any]:
    def call(module: nn.Module, images: Tensor, context: Any, *, by: Any = by) -> Any:
        return module(images) * by

    return call


class Caller:
    def __init__(self, by: Any) -> None:
        self.by = by

    def __call__(self, module: nn.Module, images: Tensor, context: Any) -> Any:
        return module(images) * self.by

    def method(self, module: nn.Module, images: Tensor, context: Any) -> Any:
        return module(images) * self.by


def weighing(by: Any) -> Callable[..., Any]:
    layer = nn.Linear(1, 1, bias=False)
    nn.init.constant_(layer.weight, float(by))
    return closure(layer)


def buffering(by: float) -> nn.Module:
    module = nn.Module()
    module.register_buffer("by", torch.tensor(by), persistent=False)
    return module


FORMS: dict[str, Callable[[Any], Callable[..., Any]]] = {
    "partial": lambda by: functools.partial(scaled, by=by),
    "partial of a partial": lambda by: functools.partial(functools.partial(scaled), by=by),
    "closure": closure,
    "closure in a closure": nested,
    "default": by_default,
    "named default": by_named_default,
    "object": Caller,
    "method": lambda by: Caller(by).method,
    "list": lambda by: closure([1, {"by": torch.tensor(by)}]),
    "module": weighing,
    "module's attribute": lambda by: closure(nn.Dropout(by / 4)),
    "module's buffer": lambda by: closure(buffering(by)),
    "submodule's attribute": lambda by: closure(nn.Sequential(nn.Dropout(by / 4))),
    "tensor's method": lambda by: closure(torch.tensor(by).mul),
    "set": lambda by: closure({"a", "b", str(by)}),
    "function": lambda by: closure(operator.attrgetter("first" if by > 1 else "second")),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_a_function_holds_is_part_of_a_settings_digest(form: str) -> None:
    def digest(by: float) -> str:
        return settings_digest(Network(small(), "second", call=FORMS[form](by)), "grad_cam")

    assert digest(2.0) == digest(2.0)
    assert digest(2.0) != digest(1.0)


@pytest.mark.parametrize("form", ["partial", "closure", "object"])
def test_maps_of_a_function_that_holds_something_else_are_made_again(
    form: str, tmp_path: Path
) -> None:
    photos, out = noisy_photos(tmp_path / "in", 2, (16, 16)), tmp_path / "out"

    def made(by: float) -> int:
        steps = Preprocess(size=16, resize=16)
        network = Network(small(), "second", preprocess=steps, call=FORMS[form](by))
        return len(explain_many(network, photos, out, progress=False).made)

    assert [made(2.0), made(2.0), made(3.0), made(3.0)] == [2, 0, 2, 0]


def test_scores_are_told_apart_by_what_they_read() -> None:
    digests = {
        settings_digest(Network(small(), "second", scores=scores), "gradient")
        for scores in (
            operator.itemgetter("a"),
            operator.itemgetter("b"),
            operator.attrgetter("a"),
            functools.partial(torch.mul, other=2),
            functools.partial(torch.mul, other=3),
            torch.relu,
        )
    }
    assert len(digests) == 6


def test_a_function_that_holds_nothing_is_told_by_its_name_alone() -> None:
    def call() -> None: ...

    def again() -> Any:
        return again

    where = "tests.explainer.networks.test_functions"
    name = f"{where}.test_a_function_that_holds_nothing_is_told_by_its_name_alone.<locals>"
    assert told(call) == f"{name}.call"
    assert told(again) == [f"{name}.again", [["again", "itself"]]]


class Slotted:
    __slots__ = ("by",)


class Pickled:
    def __getstate__(self) -> object:
        return "what lies elsewhere"


UNTOLD = [threading.Lock(), Slotted(), iter([1]), {"a": Slotted()}, Pickled()]


@pytest.mark.parametrize("held", [*UNTOLD, Tokenizer(WordLevel({}))])
def test_what_no_digest_can_be_taken_of_is_refused_where_maps_are_found_again(held: Any) -> None:
    network = Network(small(), "second", call=closure(held))
    with pytest.raises(
        ExplainerError, match=r"call holds \"(by|a)\", a .*anything else inside them"
    ):
        settings_digest(network, "grad_cam")
    refuse_untold(closure({"a": [1, 2]}))


def test_a_lambda_is_refused_where_maps_are_found_again_and_explained_by_hand() -> None:
    network = Network(small(), "second", scores=lambda output: -output)
    for hidden in (network, Network(small(), call=closure(lambda: 1))):
        with pytest.raises(ExplainerError, match=r"a lambda has no name.*: use functions"):
            settings_digest(hidden, "grad_cam")
    found = explain(network, torch.zeros(1, 3, 9, 9))
    assert found.provenance["settings_digests"]["grad_cam"]
