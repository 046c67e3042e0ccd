"""Names and answers that people could not tell apart are refused."""

import unicodedata

import pytest

from studyapp.shelf.spelling import told_alike

from .test_blocks import complaint, definition

QUESTION = '[[{}]]\nquestion = "Q?"\nanswers = [{}]\naccept = [1]\n'


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Yes", "yes"), ("a  b", "a\u00a0b"), ("well-made", "well–made"), ("−2", "-2"),
        ("café", unicodedata.normalize("NFD", "café")), ("it’s", "it's"), ("so\u00ad", "so"),
    ],
)  # fmt: skip
def test_words_that_read_the_same_are_alike(one: str, other: str) -> None:
    assert list(told_alike([one, "else", other])) == [f"“{one}” and “{other}” read alike"]
    assert list(told_alike([one, one, one])) == [f"“{one}” is listed twice"]


def test_words_that_read_differently_are_not() -> None:
    assert not list(told_alike(["Maße", "Masse", "m²", "m2", "2", "-2", "a-b", "a b", "no", "now"]))


@pytest.mark.parametrize("section", ["screening", "comprehension.questions"])
def test_answers_before_the_trials_are_told_apart(section: str) -> None:
    text = definition() + QUESTION.format(section, '"18 or older", "18 or  Older"')
    assert f"`{section}.answers`: “18 or older” and “18 or  Older” read alike" in complaint(text)


def test_the_networks_names_are_told_apart() -> None:
    text = definition() + '[display]\nname_a = "The Robot"\nname_b = "the robot"\n'
    told = complaint(text)
    assert "`display.name_b`: “The Robot” and “the robot” read alike; give two names" in told
