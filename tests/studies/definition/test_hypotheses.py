"""A hypothesis that is tied to a contrast is checked against what the study analyses."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sandbox.builders import make_definition
from studyapp.studies.definition.analysed_names import analysed_names
from studyapp.studies.definition.file import DefinitionError, parse_definition, read_definition
from studyapp.studies.definition.hypotheses import hypothesis_rules
from studyapp.studies.definition.rules import independent
from studyapp.studies.definition.study import Definition
from tests.study_files import write_study

TWO = ["guided_grad_cam", "guided_backprop"]
RATED = {"name": "rated", "paradigm": "rating", "trials": 2, "items": ["Clear.", "Useful."]}
TRUST = {"name": "main", "paradigm": "trust", "trials": 2}
RIGHT = {"name": "right", "paradigm": "discrimination", "trials": 2}
TEXT = {"name": "words", "paradigm": "open_text", "trials": 1, "question": "What did you see?"}


def tied(**changes: Any) -> dict[str, Any]:
    return {"text": "One is better.", "contrast": TWO, "direction": "greater", **changes}


def refused(*hypotheses: Any, blocks: Any = (TRUST,), **analysis: Any) -> list[tuple[str, str]]:
    """(dotted key, sentence) of every rule about hypotheses."""
    definition = make_definition(
        blocks=list(blocks), analysis={"hypotheses": list(hypotheses), **analysis}
    )
    found = independent(hypothesis_rules(definition))
    return [(".".join(str(part) for part in path), sentence) for path, sentence in found]


@pytest.mark.parametrize(
    ("changes", "options", "key", "sentence"),
    [
        ({"contrast": ["guided_gradcam", TWO[1]]}, {}, "contrast", "guided_grad_cam"),
        ({"contrast": ["everyone"]}, {}, "contrast", "everyone is an arm; name the conditions"),
        ({"contrast": [TWO[0], TWO[0]]}, {}, "contrast", "with itself; name two that differ"),
        ({"paradigm": "truth"}, {}, "paradigm", "trust"),
        ({}, {"blocks": [TRUST, RIGHT]}, "paradigm", "one of trust, discrimination"),
        ({}, {"blocks": [TEXT]}, "", "no block has a score; write it as a text"),
        ({}, {"blocks": [{**TRUST, "conditions": TWO[1:]}]}, "contrast",
         "no analysed block of this question shows guided_grad_cam; name one of guided_backprop"),
        ({}, {"blocks": [RATED]}, "contrast", "several scales; name one of them: “guided_grad_cam, "
         "item_1” or “guided_grad_cam, item_2”"),
        ({"contrast": [f"{TWO[0]}, item_1", f"{TWO[1]}, item_2"]}, {"blocks": [RATED]}, "contrast",
         "different scales, which are never compared; name two of one scale"),
        ({"contrast": [f"{TWO[0]}, item_1"]}, {"blocks": [RATED]}, "contrast",
         "no value that it could be tested against; name a second condition"),
        ({"model": "glmer_full"}, {}, "model", "not fitted to trust; use robust or clmm_side_full"),
        ({"model": "clmm_full"}, {"blocks": [RIGHT]}, "model", "use robust or glmer_full"),
        ({"contrast": TWO[:1], "model": "clmm_full"}, {}, "model",
         "tests the mean score of one condition, which is on no logit scale; use robust, or name"),
        ({"model": "clmm_side_full"}, {"looks": True, "smallest_effect": 0.1}, "model",
         "which clmm_side_full has not, so that it would stay undecided; use robust, or remove"),
        ({"direction": "equivalent"}, {}, "smallest_effect", "the smallest difference that would"),
        ({"direction": "equivalent", "model": "clmm_full"}, {"smallest_effect": 0.3},
         "smallest_effect", "equivalence needs a margin"),
        ({"direction": "different"}, {"sided": "one"}, "direction", "needs a two-sided test"),
        ({"smallest_effect": 5.0}, {"blocks": [RIGHT]}, "smallest_effect", "0.05 for 5 percentage"),
        ({"smallest_effect": 0.5, "contrast": TWO[:1]}, {"blocks": [RIGHT]}, "smallest_effect",
         "a mean of discrimination differs from chance by 0.5 at most"),
        ({"smallest_effect": 2.0, "contrast": TWO[:1]}, {}, "smallest_effect",
         "a mean of trust differs from 0 by 2 at most"),
        ({"contrast": TWO[:1]}, {"smallest_effect": 2.0}, "smallest_effect",
         "a mean of trust differs from 0 by 2 at most"),
    ],
)  # fmt: skip
def test_what_can_not_be_tested_is_refused(
    changes: dict[str, Any], options: dict[str, Any], key: str, sentence: str
) -> None:
    (found,) = refused(tied(**changes), **options)
    assert found[0] == f"analysis.hypotheses.0.{key}".rstrip(".")
    assert sentence in found[1]


def test_one_contrast_has_one_hypothesis() -> None:
    (found,) = refused("Words.", tied(), tied(contrast=TWO[::-1], direction="less"))
    assert found[0] == "analysis.hypotheses.2.contrast"
    assert "has the contrast of 2, and one test decides both" in found[1]


def test_one_margin_is_not_that_of_answers_in_several_units() -> None:
    both = [tied(paradigm="trust"), tied(paradigm="discrimination")]
    (found,) = refused(*both, blocks=[TRUST, RIGHT], smallest_effect=0.3)
    assert found[0] == "analysis.smallest_effect"
    assert "the margin of hypotheses 1, 2, but answers of trust and discrimination" in found[1]
    own = [{**one, "smallest_effect": 0.2} for one in both]
    assert refused(*own, blocks=[TRUST, RIGHT], smallest_effect=0.3) == []
    assert refused(both[0], own[1], blocks=[TRUST, RIGHT], smallest_effect=0.3) == []


def test_a_level_and_a_side_need_a_tied_hypothesis() -> None:
    found = refused("Words.", alpha=0.01, sided="one")
    assert [key for key, _ in found] == ["analysis.alpha", "analysis.sided"]
    assert "can never apply: no hypothesis is tied" in found[0][1]
    assert refused(tied(), alpha=0.01, sided="one") == []


@pytest.mark.parametrize(
    ("hypothesis", "options"),
    [
        ({}, {}),
        ({"contrast": TWO[:1]}, {}),
        ({"contrast": TWO[:1], "smallest_effect": 1.9}, {}),
        ({"smallest_effect": 2.1}, {}),
        ({"model": "clmm_side_full"}, {}),
        ({"direction": "equivalent"}, {"smallest_effect": 0.3}),
        ({"paradigm": "discrimination"}, {"blocks": [TRUST, RIGHT]}),
        ({}, {"blocks": [TRUST, TEXT]}),
        ({"contrast": [f"{name}, item_2" for name in TWO]}, {"blocks": [RATED]}),
        ({"contrast": [f"{name}, {block}" for name in TWO for block in ["built-in words"]]},
         {"blocks": [TRUST, {**TRUST, "name": "own", "question": "Which?"}]}),
    ],
)  # fmt: skip
def test_what_can_be_tested_is_taken(hypothesis: dict[str, Any], options: dict[str, Any]) -> None:
    assert refused(tied(**hypothesis), **options) == []


def test_what_is_wrong_with_a_section_is_told_by_its_key(tmp_path: Path) -> None:
    file = write_study(tmp_path, analysis={"hypotheses": ["Words.", tied()]})
    assert read_definition(file).analysis.tied[0][0] == 2
    text = file.read_text()
    for wrong, sentence in (
        (text.replace('"greater"', '"larger"'), "hypotheses.1.direction`: 'larger' is unknown"),
        (text.replace("contrast =", "contrasts ="), 'unknown key; did you mean "contrast"'),
        (text.replace('"Words."', "3"), "`analysis.hypotheses.0`: write a text"),
    ):
        with pytest.raises(DefinitionError) as caught:
            parse_definition(wrong, "f")
        assert sentence in str(caught.value)
        assert len(caught.value.complaints) == 1


def test_a_definition_without_the_new_keys_is_stored_as_before() -> None:
    stored = make_definition(analysis={"hypotheses": ["Words."]}).model_dump(mode="json")
    assert stored["analysis"] == {
        "reference": None, "smallest_effect": None, "hypotheses": ["Words."], "looks": False,
    }  # fmt: skip
    again = make_definition(analysis={"hypotheses": [tied()], "alpha": 0.01})
    assert Definition.model_validate(again.model_dump(mode="json")) == again
    with pytest.raises(ValidationError):
        make_definition(analysis={"alpha": 0.5})


def test_names_are_those_of_one_scale() -> None:
    found = analysed_names(make_definition(blocks=[RATED]), "rating")
    assert found[f"{TWO[0]}, item_1"] == "item_1"
    assert len(found) == 2 * 2
