"""A rule that can never apply is refused by the check, with its line and the fix."""

from typing import Any

import pytest

from sandbox.builders import make_definition
from studyapp.studies.definition.idle_rules import idle_rules
from studyapp.studies.definition.rules import independent

TEXT = {"name": "main", "paradigm": "open_text", "trials": 1, "question": "What did you see?"}
# Called like an item of a questionnaire, but with words for an answer
OWN = {
    "name": "main", "paradigm": "custom", "trials": 1,
    "fields": [{"name": "item_seen", "kind": "text", "question": "What did you see?"}],
}  # fmt: skip
NUMBER = {
    "name": "main", "paradigm": "custom", "trials": 2,
    "fields": [{"name": "value", "kind": "number", "question": "How many did you see?"}],
}  # fmt: skip
LIKE_ITEMS = {
    "name": "main", "paradigm": "custom", "trials": 2,
    "fields": [{"name": "item", "kind": "matrix", "question": "What do you think?",
                "items": ["One.", "Two."]}],
}  # fmt: skip
PRACTICE = {"name": "try", "paradigm": "trust", "stage": "practice", "trials": 1}
SHARES = {"name": "main", "paradigm": "agreement", "trials": 2}
RATED = {"name": "main", "paradigm": "rating", "trials": 2, "items": ["It is clear."]}
ASKED = {"question": "How old are you?", "answers": ["18 or older", "younger"]}


def refused(**options: Any) -> list[tuple[str, str]]:
    """(dotted key, sentence) of every idle rule."""
    found = independent(idle_rules(make_definition(**options)))
    return [(".".join(str(part) for part in path), sentence) for path, sentence in found]


@pytest.mark.parametrize(
    ("options", "key", "sentence"),
    [
        ({"exclusions": {"failed_checks": 1}}, "exclusions.failed_checks", "no attention checks"),
        ({"checks": 1, "exclusions": {"failed_checks": 2}}, "exclusions.failed_checks",
         "people get only 1; add `checks`"),
        ({"trials": 1, "exclusions": {"straight_lining": 0.9}}, "exclusions.straight_lining",
         "would exclude everybody: people choose one listed answer only"),
        ({"blocks": [PRACTICE], "exclusions": {"fastest_median_ms": 400}},
         "exclusions.fastest_median_ms", "no block is analysed"),
        ({"blocks": [TEXT], "exclusions": {"straight_lining": 0.9}}, "exclusions.straight_lining",
         "no analysed block asks for a choice"),
        ({"blocks": [OWN], "exclusions": {"straight_lining": 0.9}}, "exclusions.straight_lining",
         "no analysed block asks for a choice"),
        ({"blocks": [NUMBER], "exclusions": {"straight_lining": 0.9}}, "exclusions.straight_lining",
         "no analysed block asks for a choice"),
        ({"blocks": [LIKE_ITEMS], "exclusions": {"straight_lining": 0.9}},
         "exclusions.straight_lining", "no analysed block asks for a choice"),
        ({"stopping": {"rule": "sequential"}}, "stopping.rule",
         "results are not looked at before the end; set looks = true"),
        ({"stopping": {"rule": "date"}}, "stopping.rule",
         "no date is given; write it in `stopping.detail`"),
        ({"blocks": [TEXT], "analysis": {"looks": True, "smallest_effect": 0.1}}, "analysis.looks",
         "no analysed block has a score"),
        (
            {
                "blocks": [
                    {"name": "main", "paradigm": "trust", "trials": 2,
                     "conditions": ["guided_grad_cam"]},
                ],
                "analysis": {"reference": "guided_backprop"},
            },
            "analysis.reference",
            "no analysed block shows it; name one of guided_grad_cam",
        ),
        ({"analysis": {"smallest_effect": 4}}, "analysis.smallest_effect",
         "every result of block main equivalent: means on its scale differ by 4 at most"),
        ({"blocks": [SHARES], "analysis": {"smallest_effect": 5}}, "analysis.smallest_effect",
         "write 5 percentage points as 0.05"),
        ({"blocks": [RATED], "analysis": {"smallest_effect": 6}}, "analysis.smallest_effect",
         "means on its scale differ by 6 at most"),
        ({"screening": [{**ASKED, "accept": [1, 2]}]}, "screening.0.accept",
         "so it turns nobody away; accept fewer answers"),
        ({"comprehension": {"questions": [{**ASKED, "accept": [1, 2]}]}},
         "comprehension.questions.0.accept", "so it stops nobody"),
    ],
)  # fmt: skip
def test_a_rule_that_can_never_apply_is_refused(
    options: dict[str, Any], key: str, sentence: str
) -> None:
    found = refused(**options)
    assert [one for one, _ in found] == [key]
    assert sentence in found[0][1]


def test_rules_that_can_apply_pass() -> None:
    assert refused(
        checks=2,
        trials=3,
        exclusions={
            "failed_checks": 2, "fastest_median_ms": 400, "straight_lining": 0.9,
            "shortest_minutes": 1.0, "focus_losses": 3,
        },
        screening=[{**ASKED, "accept": [1]}],
        stopping={"rule": "sequential"},
        analysis={"looks": True, "smallest_effect": 0.1, "reference": "guided_backprop"},
    ) == []  # fmt: skip


@pytest.mark.parametrize("paradigm", ["rating", "questionnaire"])
def test_the_items_of_a_page_are_answers_that_can_be_all_the_same(paradigm: str) -> None:
    block = {"name": "main", "paradigm": paradigm, "trials": 1, "items": ["One.", "Two."]}
    assert refused(blocks=[block], exclusions={"straight_lining": 0.9}) == []
