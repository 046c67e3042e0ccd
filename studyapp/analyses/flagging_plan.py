"""What a plan says of the rule about automation, in the words that the report has too."""

from collections.abc import Mapping
from typing import Any

from studyapp.studies.definition.study import Definition

CRITERIA = {
    "webdriver": "a browser that said a program controls it",
    "untrusted_share": "{:.0%} or more of the observed pages answered by a script’s events",
    "pastes": "{:g} or more pastes into written answers",
    "web_bot_auth": "a request that an agent signed (Web Bot Auth)",
}
NO_VERDICT = (
    "A flag is not a verdict: assistive technology, browser extensions and test programs give the "
    "same signs, and programs that behave like people give none."
)
PLAN = (
    "People who meet any of these are flagged: {criteria}. A flag excludes nobody and changes no "
    "pay: the primary analysis keeps flagged people, and every estimate, every contrast and every "
    "hypothesis that rests on a robust number are reported again without them, as a sensitivity "
    "analysis. The rule looks at no answer, no reaction time and no path of a pointer."
)


def rule_words(rule: Mapping[str, Any]) -> list[str]:
    """Each part of a rule in words."""
    return [words.format(rule[name]) for name, words in CRITERIA.items() if rule.get(name)]


def flagging_plan(definition: Definition) -> list[str]:
    """The sentences of the plan; none of a study without a rule."""
    evidence = definition.evidence
    if evidence is None or evidence.rule is None:
        return []
    return [PLAN.format(criteria="; ".join(rule_words(evidence.rule.model_dump())))]
