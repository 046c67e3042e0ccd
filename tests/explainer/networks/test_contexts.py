"""Networks that are asked with more than an image: every pass of an image carries what it is asked
with, however the batch is parted and filled with variants."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from explainer import METHODS, ExplainerError, Network, Preprocess, explain, explain_many
from explainer.laboratory.dissection import dissect
from explainer.laboratory.evaluation import Case, evaluate
from explainer.laboratory.metrics import METRICS, deletion_auc, randomisation_similarity
from explainer.laboratory.segmentations import LabelledPhoto
from explainer.methods.base import Method
from tests.explainer.asking_networks import (
    QUESTIONS,
    SETTINGS,
    WORDS,
    ask,
    maps_of,
    network,
)
from tests.explainer.small_networks import noise, seeded


def is_of_one_image(method: Method) -> bool:
    return not method.whole_batch and not method.attention


@pytest.mark.parametrize("method", [name for name, m in METHODS.items() if is_of_one_image(m)])
def test_each_image_is_asked_its_own_question_in_every_pass(method: str) -> None:
    images = noise(5, 3, 16, 16)
    images[4] = images[1]  # one photo, asked the same question for another answer
    alone = []
    for place, question in enumerate(QUESTIONS):
        asked = network().asked([question])
        own = SETTINGS.get(method, {}) | (
            {"layers": ["first", "second"]} if method == "gam" else {}
        )
        target = [[1, 4, 2, 0, 3][place]]
        one = images[place : place + 1]
        alone.append(explain(asked, one, target, [method], settings={method: own})[method])
    true = torch.cat(alone)
    for memory in (None, 1, 20_000):  # one pass; every image by itself; some of them together
        found = maps_of(images, method, QUESTIONS, memory=memory)
        torch.testing.assert_close(found, true, rtol=1e-4, atol=1e-6)
    if "class" in METHODS[method].depends_on:
        other = maps_of(images, method, [(word + 1) % WORDS for word in QUESTIONS])
        assert not torch.allclose(other, true, rtol=1e-2, atol=1e-6)


def test_another_photo_is_asked_what_each_image_is_asked(tmp_path: Any) -> None:
    path = tmp_path / "other.png"
    pixels = np.random.default_rng(1).integers(0, 255, (16, 16, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    subject = network(preprocess=Preprocess(size=16, resize=16))
    own = {"other_image": {"photo": str(path)}}

    def found(questions: Sequence[int]) -> Tensor:
        images = noise(len(questions), 3, 16, 16)
        return explain(subject, images, None, ["other_image"], context=questions, settings=own)[
            "other_image"
        ]

    torch.testing.assert_close(found([0, 2]), torch.cat([found([0]), found([2])]))
    assert not torch.allclose(found([0]), found([2]))


@pytest.mark.parametrize("metric", [name for name, m in METRICS.items() if m.needs == "network"])
def test_metrics_ask_each_image_its_own_question(metric: str) -> None:
    images, maps = noise(5, 3, 16, 16), noise(5, 8, 8)
    measure = METRICS[metric].compute
    together = measure(network().asked(QUESTIONS), images, maps, [1, 4, 2, 0, 3])
    alone = [
        measure(network().asked(QUESTIONS[n : n + 1]), images[n : n + 1], maps[n : n + 1], [target])
        for n, target in enumerate([1, 4, 2, 0, 3])
    ]
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-4, atol=1e-5, equal_nan=True)


class Answers(nn.Module):
    """Answers as they are, or in the form that `wrapped` gives them."""

    def __init__(self, wrapped: Callable[[Tensor], Any] = lambda scores: scores) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 8, 3, stride=2)
        self.answers, self.wrapped = nn.Linear(8, 5), wrapped

    def forward(self, images: Tensor) -> Any:
        seen = torch.relu(self.second(torch.relu(self.first(images))))
        return self.wrapped(self.answers(seen.mean((2, 3))))


@pytest.mark.parametrize("metric", [name for name, m in METRICS.items() if m.needs == "network"])
@pytest.mark.parametrize(
    ("wrapped", "scores"),
    [
        (lambda found: -found, lambda output: -output),
        (lambda found: {"answer": found}, lambda output: output["answer"]),
        (lambda found: torch.cat([found * 0, found], 1), lambda output: output[:, 5:]),
    ],
)
def test_metrics_read_the_scores_once(
    metric: str, wrapped: Callable[[Tensor], Any], scores: Callable[[Any], Tensor]
) -> None:
    images, maps, targets = noise(3, 3, 16, 16), noise(3, 8, 8), [1, 4, 2]
    measure = METRICS[metric].compute
    expected = measure(Network(seeded(Answers)), images, maps, targets)
    subject = Network(seeded(Answers, wrapped), scores=scores)
    torch.testing.assert_close(measure(subject, images, maps, targets), expected, equal_nan=True)
    own = measure(Network(seeded(Answers)), images, maps, None)
    torch.testing.assert_close(measure(subject, images, maps, None), own, equal_nan=True)


def test_re_drawn_weights_are_asked_the_same_questions() -> None:
    images = noise(3, 3, 16, 16)
    found = randomisation_similarity(network().asked([0, 3, 1]), images, [1, 4, 2], stages=2)
    alone = [
        randomisation_similarity(network().asked([word]), images[n : n + 1], [target], stages=2)
        for n, (word, target) in enumerate([(0, 1), (3, 4), (1, 2)])
    ]
    torch.testing.assert_close(found, torch.cat(alone), equal_nan=True)


def refusal(*args: Any, **named: Any) -> str:
    with pytest.raises(ExplainerError) as refused:
        explain(*args, **named)
    return str(refused.value)


@pytest.mark.parametrize("context", [[0, 1], [0, 1, 2, 3], []])
def test_a_context_that_does_not_fit_the_images_is_refused(context: list[int]) -> None:
    said = refusal(network(), noise(3, 3, 16, 16), context=context)
    assert f"a context for {len(context)} images was given with 3: give one entry" in said


@pytest.mark.parametrize("context", ["what", {"what": 1}, 3])
def test_a_context_that_is_no_list_is_refused(context: Any) -> None:
    assert "give a list with one entry per image" in refusal(
        network(), noise(3, 3, 16, 16), context=context
    )


def test_a_context_that_would_change_nothing_is_refused() -> None:
    plain = Network(seeded(nn.Conv2d, 3, 4, 3))
    said = refusal(plain, noise(1, 3, 9, 9), context=[0])
    assert "is called with images alone" in said
    assert "Network(…, call=" in said


def test_metrics_refuse_a_context_of_another_length() -> None:
    with pytest.raises(ExplainerError, match="a context for 2 images was given with 3"):
        deletion_auc(network().asked([0, 1]), noise(3, 3, 16, 16), noise(3, 8, 8), [0, 1, 2])


class Output(dict[str, Tensor]):
    """As some libraries give it: a mapping, with its entries as attributes too."""

    def __getattr__(self, name: str) -> Tensor:
        return self[name]


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda scores: SimpleNamespace(logits=scores),
        lambda scores: {"logits": scores},
        lambda scores: {"out": scores, "aux": scores * 0},
        lambda scores: Output(logits=scores),
        lambda scores: (scores, scores[:, :, None, None]),
    ],
)
def test_scores_are_found_in_the_forms_in_which_networks_give_them(
    wrapped: Callable[[Tensor], Any],
) -> None:
    images = noise(3, 3, 16, 16)
    subject = network(lambda module, images, words: wrapped(ask(module, images, words)))
    methods = ["grad_cam", "occlusion", "group_cam", "random_weights"]
    for memory in (None, 1):
        own = explain(
            subject, images, None, methods, context=[0, 3, 1], settings=SETTINGS, memory=memory
        )
        plain = explain(network(), images, None, methods, context=[0, 3, 1], settings=SETTINGS)
        for method in methods:
            torch.testing.assert_close(own[method], plain[method], rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(own.outputs, plain.outputs)
    torch.testing.assert_close(
        subject.asked([0, 3, 1]).predict(images), network().asked([0, 3, 1]).predict(images)
    )


def test_scores_elsewhere_are_read_as_the_network_says() -> None:
    def call(module: nn.Module, images: Tensor, words: Sequence[int]) -> Any:
        return [{"answer": ask(module, images, words)}]

    images = noise(2, 3, 16, 16)
    said = refusal(network(call), images, context=[0, 3])
    assert "the network's output is list" in said
    assert "Network(…, scores=…)" in said
    subject = network(call, scores=lambda output: output[0]["answer"])
    found = explain(subject, images, context=[0, 3])
    torch.testing.assert_close(
        found["grad_cam"], explain(network(), images, context=[0, 3])["grad_cam"]
    )


class Counter(nn.Module):
    """A policy that goes on from where it was, unless it is told where to begin."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3)
        self.state: Tensor | None = None

    def forward(self, images: Tensor) -> Tensor:
        seen = torch.relu(self.convolution(images)).mean((2, 3))
        self.state = seen if self.state is None else torch.tanh(self.state + seen)
        return self.state


def from_state(module: nn.Module, images: Tensor, states: Sequence[Tensor]) -> Any:
    module.state = torch.stack(list(states))
    return module(images)


def test_a_module_with_state_begins_where_its_context_says_and_is_left_as_it_was() -> None:
    module = seeded(Counter)
    subject = Network(module, call=from_state)
    images, states = noise(3, 3, 12, 12), [torch.full((4,), value) for value in (0.0, 1.0, -1.0)]
    found = explain(
        subject, images, [0, 1, 2], ["grad_cam", "occlusion"], context=states, settings=SETTINGS
    )
    assert module.state is None
    for place in range(3):
        alone = explain(
            subject,
            images[place : place + 1],
            [place],
            ["occlusion"],
            context=[states[place]],
            settings=SETTINGS,
        )
        torch.testing.assert_close(found["occlusion"][place : place + 1], alone["occlusion"])


def test_photos_that_are_read_batch_by_batch_take_no_context_of_one_batch(tmp_path: Path) -> None:
    bound = network(preprocess=Preprocess(size=16, resize=16)).asked([0, 3])
    photo = LabelledPhoto(tmp_path / "a.png", 16, 16, ())
    case = Case(tmp_path / "a.png", 0)
    for read in (
        lambda: explain_many(bound, [case.path], tmp_path / "maps", progress=False),
        lambda: list(evaluate(bound, [case], ["grad_cam"], ["deletion_auc"])),
        lambda: dissect(bound, [photo]),
    ):
        with pytest.raises(ExplainerError, match="has the context of one batch"):
            read()


def test_maps_of_a_lambda_are_not_kept_to_be_found_again(tmp_path: Path) -> None:
    nameless = network(
        lambda module, images, words: ask(module, images, [0] * len(images)),
        preprocess=Preprocess(size=16, resize=16),
    )
    with pytest.raises(ExplainerError, match="a lambda has no name"):
        explain_many(nameless, [], tmp_path)
