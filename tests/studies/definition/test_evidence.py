"""The section about evidence of machines: what is refused, and what earlier studies keep."""

from typing import Any

import pytest

from sandbox.builders import make_definition
from studyapp.sections.evidence import NOT_AUTOMATION
from studyapp.studies.definition.contradictions import contradictions
from studyapp.studies.definition.study import stored_definition
from tests.studies.definition.test_blocks import complaint, definition

PROLIFIC = {"panel": {"kind": "prolific"}}
ELSEWHERE = {"authenticity": ["prolific_llm"], "authenticity_at": "our survey"}


def refused(**options: Any) -> dict[str, str]:
    """The sentence of every complaint about the section, by its dotted key."""
    found = contradictions(make_definition(**options))
    named = {".".join(map(str, path)): sentence for path, sentence in found}
    return {key: sentence for key, sentence in named.items() if key.startswith(("ev", "eth"))}


@pytest.mark.parametrize(
    ("options", "key", "sentence"),
    [
        ({"evidence": ELSEWHERE}, "evidence.authenticity", 'set kind = "prolific"'),
        ({**PROLIFIC, "evidence": {"authenticity": ["prolific_bot"]}}, "evidence.authenticity",
         "pages of this site load nothing from elsewhere"),
        ({"evidence": {"authenticity_at": "our survey"}}, "evidence.authenticity_at",
         "names a survey in which nothing is checked"),
        ({"kind": "real", "evidence": {"traces": True}}, "ethics", "is missing"),
        ({"evidence": {"rule": {"webdriver": True}}}, "evidence.rule",
         "add `evidence.traces = true`, or remove the rule"),
        ({"evidence": {"traces": True, "rule": {}}}, "evidence.rule",
         "flags nobody; name a sign of automation (webdriver, untrusted_share,"),
    ],
)  # fmt: skip
def test_evidence_that_could_not_be_collected_is_refused(
    options: dict[str, Any], key: str, sentence: str
) -> None:
    found = refused(**options)
    assert list(found) == [key]
    assert sentence in found[key]


def test_what_can_be_collected_is_not_refused() -> None:
    assert refused(**PROLIFIC, evidence={"traces": True, "keep_days": 10, **ELSEWHERE}) == {}


def test_a_study_without_evidence_is_stored_as_before() -> None:
    before = make_definition()
    stored = before.model_dump(mode="json")
    assert "evidence" not in stored
    assert stored_definition(stored).digest() == before.digest()
    assert "evidence" in make_definition(evidence={"traces": True}).model_dump(mode="json")


@pytest.mark.parametrize("name", NOT_AUTOMATION)
def test_a_rule_by_outcomes_times_or_paths_is_refused_with_the_reason(name: str) -> None:
    text = f"{definition()}\n[evidence]\ntraces = true\n[evidence.rule]\n{name} = 1\n"
    told = complaint(text)
    assert f"`evidence.rule.{name}`: {NOT_AUTOMATION[name]}" in told
    assert "no rule may flag people by it: remove it" in told


def test_a_misspelt_sign_gets_the_likely_one() -> None:
    text = f"{definition()}\n[evidence]\ntraces = true\n[evidence.rule]\nwebdrivers = true\n"
    told = complaint(text)
    assert '`evidence.rule.webdrivers`: unknown key; did you mean "webdriver"?' in told
