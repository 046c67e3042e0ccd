"""Whose question is asked: a call that mixes them up is refused, and each is told by its digest."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from explainer import ExplainerError, Network, explain
from explainer.laboratory.metrics import deletion_auc
from explainer.networks import contexts
from explainer.networks.contexts import digest_of_context
from tests.explainer.asking_networks import (
    QUESTIONS,
    SETTINGS,
    maps_of,
    network,
)
from tests.explainer.small_networks import Convolutions, noise, seeded


def first_question_for_all(module: nn.Module, images: Tensor, words: Sequence[int]) -> Any:
    return module(images, torch.tensor([words[0]] * len(images)))


def by_order(order: Callable[[list[int]], list[int]]) -> Callable[..., Any]:
    def call(module: nn.Module, images: Tensor, words: Sequence[int]) -> Any:
        return module(images, torch.tensor(order(list(words))))

    return call


WRONG = {
    "the first": first_question_for_all,
    "the second": by_order(lambda words: [words[min(1, len(words) - 1)]] * len(words)),
    "the middle": by_order(lambda words: [words[len(words) // 2]] * len(words)),
    "the last": by_order(lambda words: [words[-1]] * len(words)),
    "the least": by_order(lambda words: [min(words)] * len(words)),
    "the most": by_order(lambda words: [max(words)] * len(words)),
    "from the end": by_order(lambda words: words[::-1]),
    "the neighbour's": by_order(lambda words: words[1:] + words[:1]),
    "sorted": by_order(sorted),
}


@pytest.mark.parametrize("method", ["grad_cam", "occlusion", "gradient"])
@pytest.mark.parametrize("wrong", WRONG)
def test_a_call_that_asks_images_the_questions_of_others_is_refused(
    wrong: str, method: str
) -> None:
    subject, images = network(WRONG[wrong]), noise(5, 3, 16, 16)
    # Of one question for all nothing shows, and it must not count as a proof of the next batch.
    explain(subject, images, None, [method], context=[2] * 5, settings=SETTINGS)
    with pytest.raises(ExplainerError, match=r"differently alone than among.*n-th entry"):
        explain(subject, images, None, [method], context=QUESTIONS, settings=SETTINGS)


def test_predictions_and_metrics_refuse_one_question_for_all() -> None:
    subject, images = network(first_question_for_all), noise(5, 3, 16, 16)
    with pytest.raises(ExplainerError, match="differently alone than among"):
        subject.asked(QUESTIONS).predict(images)
    with pytest.raises(ExplainerError, match="differently alone than among"):
        deletion_auc(subject.asked(QUESTIONS), images, noise(5, 8, 8), [0] * 5)


class Question:
    """Of a class that no digest is known of."""

    def __init__(self, word: int) -> None:
        self.word = word


def test_questions_of_an_unknown_class_are_told_apart_as_objects() -> None:
    def call(module: nn.Module, images: Tensor, asked: Sequence[Question]) -> Any:
        return module(images, torch.tensor([asked[0].word] * len(images)))

    with pytest.raises(ExplainerError, match="differently alone than among"):
        explain(network(call), noise(2, 3, 16, 16), context=[Question(0), Question(3)])


def test_the_digest_of_a_question_is_taken_once_for_a_call(monkeypatch: Any) -> None:
    taken: list[int] = []

    def counted(entry: int) -> str | None:
        taken.append(entry)
        return digest_of_context(entry)

    monkeypatch.setattr(contexts, "digest_of_context", counted)
    for method, memory in (("grad_cam", None), ("occlusion", 1), ("integrated_grad_cam", 1)):
        maps_of(noise(3, 3, 16, 16), method, [0, 3, 1], memory=memory)
        assert taken == [0, 3, 1]
        taken.clear()
    asked = network().asked([0, 3, 1])
    asked.predict(noise(3, 3, 16, 16))
    deletion_auc(asked, noise(3, 3, 16, 16), noise(3, 8, 8), [0, 1, 2])
    assert taken == [0, 3, 1]
    assert asked.of([2, 0]).context.digests == (digest_of_context(1), digest_of_context(0))


def test_a_bound_context_that_was_changed_since_is_recorded_as_it_is_now() -> None:
    words = [torch.tensor(0), torch.tensor(3)]
    subject = network(lambda module, images, asked: module(images, torch.stack(asked)))
    bound = subject.asked(words)
    words[1].fill_(2)
    found = explain(bound, noise(2, 3, 16, 16))
    assert found.provenance["context_digests"][1] == digest_of_context(torch.tensor(2))


def test_what_was_asked_stands_in_the_record() -> None:
    found = explain(network(), noise(2, 3, 16, 16), context=[0, 3])
    assert found.provenance["context_digests"] == [digest_of_context(0), digest_of_context(3)]
    plain = explain(Network(seeded(Convolutions, torch.relu)), noise(1, 3, 16, 16))
    assert "context_digests" not in plain.provenance


def test_contexts_are_told_apart_by_what_they_hold() -> None:
    entries: list[Any] = [
        "what is it?",
        ["what", "is it?"],
        torch.tensor([1, 2]),
        torch.tensor([1.0, 2.0]),
        torch.tensor([[1, 2]]),
        {"goal": torch.tensor([1, 2])},
        {"goal": [1, 2]},
        None,
        0,
        False,
        "0",
    ]
    digests = [digest_of_context(entry) for entry in entries]
    assert None not in digests
    assert len(set(digests)) == len(entries)
    assert digest_of_context({"b": 1, "a": 2}) == digest_of_context({"a": 2, "b": 1})
    assert digest_of_context(object()) is None
    mirrored = torch.tensor([1 + 2j, 3 - 4j]).conj()
    assert mirrored.imag.is_neg()
    assert digest_of_context(mirrored.imag) == digest_of_context(torch.tensor([-2.0, 4.0]))
    assert digest_of_context(mirrored) == digest_of_context(torch.tensor([1 - 2j, 3 + 4j]))
