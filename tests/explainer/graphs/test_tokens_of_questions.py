"""Where the patches lie among a question's words is found for each question."""

import pytest
import torch
from torch import Tensor, nn

from explainer import ExplainerError, Network, explain
from tests.explainer.small_networks import noise, seeded


class WithWords(nn.Module):
    """Rows of patches with the words of a question, before them or behind."""

    def __init__(self) -> None:
        super().__init__()
        self.patches, self.words = nn.Conv2d(3, 8, 4, 4), nn.Embedding(4, 8)
        self.block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.classes = nn.Linear(8, 5)

    def forward(self, x: Tensor, questions: list[str]) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        length = max(len(question.strip("< ")) for question in questions)
        rows = []
        for row, question in zip(tokens, questions, strict=True):
            asked = question.strip("< ").ljust(length, "d")
            words = self.words(torch.tensor([ord(letter) - ord("a") for letter in asked]))
            rows.append(torch.cat([words, row] if question.startswith("<") else [row, words]))
        return self.classes(self.block(torch.stack(rows)).square().mean(1))


def asking_words() -> Network:
    return Network(
        seeded(WithWords),
        "block",
        call=lambda module, images, context: module(images, list(context)),
    )


def test_each_question_has_its_own_layout_of_the_patches() -> None:
    network, images = asking_words(), noise(2, 3, 20, 20)
    for questions in (["< ab", "< cc"], ["ab", "cc"], ["< b", "< a"], ["< ab", "< cc"]):
        found = explain(network, images, [1, 2], ["grad_cam", "integrated_grad_cam"],
            context=questions, settings={"integrated_grad_cam": {"steps": 3}})  # fmt: skip
        for place, question in enumerate(questions):
            one = explain(asking_words(), images[place : place + 1], [1 + place],
                ["grad_cam", "integrated_grad_cam"], context=[question],
                settings={"integrated_grad_cam": {"steps": 3}})  # fmt: skip
            for method in ("grad_cam", "integrated_grad_cam"):
                torch.testing.assert_close(found[method][place], one[method][0])


class Word:
    """A question without a digest."""

    def __init__(self, text: str) -> None:
        self.text = text


def test_questions_without_a_digest_are_looked_at_each_time() -> None:
    network = Network(
        seeded(WithWords),
        "block",
        call=lambda module, images, context: module(images, [word.text for word in context]),
    )
    images = noise(2, 3, 20, 20)
    for questions in (["< ab", "< cc"], ["ab", "cc"]):
        found = explain(network, images, [1, 2], context=[Word(text) for text in questions])
        expected = explain(asking_words(), images, [1, 2], context=questions)
        torch.testing.assert_close(found["grad_cam"], expected["grad_cam"])


def test_questions_that_move_the_patches_are_not_explained_in_one_call() -> None:
    for questions in (["< ab", "cc"], ["ab", "cc", "< cc"]):
        with pytest.raises(
            ExplainerError, match=r"\"block\" lie at different places for different questions: "
        ):
            explain(asking_words(), noise(len(questions), 3, 20, 20), None, context=questions)
