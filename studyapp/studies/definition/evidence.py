"""What is wrong with the evidence that a study file asks for."""

from collections.abc import Iterator

from studyapp.sections.evidence import EvidenceRule

from .rules import Complaint, Rule, rule
from .study import Definition


def evidence_rules(definition: Definition) -> Iterator[Rule]:
    yield rule(_authenticity_complaints(definition), "panel.kind")
    yield rule(_rule_complaints(definition), "evidence.traces evidence.rule")


def _rule_complaints(definition: Definition) -> Iterator[Complaint]:
    """A rule without the signs that it looks at."""
    evidence = definition.evidence
    if evidence is None or evidence.rule is None:
        return
    if evidence.rule.is_empty:
        names = ", ".join(EvidenceRule.model_fields)
        why = f"`evidence.rule` flags nobody; name a sign of automation ({names}), or remove it"
        yield ("evidence", "rule"), why
    elif not evidence.traces:
        why = "`evidence.rule` looks at what pages record; add `evidence.traces = true`"
        yield ("evidence", "rule"), f"{why}, or remove the rule"


def _authenticity_complaints(definition: Definition) -> Iterator[Complaint]:
    """Prolific's checks are a script of Prolific's, which no page of this site loads."""
    evidence = definition.evidence
    if evidence is None:
        return
    if evidence.authenticity_at is not None and not evidence.authenticity:
        yield (
            ("evidence", "authenticity_at"),
            "`evidence.authenticity_at` names a survey in which nothing is checked; add "
            '`evidence.authenticity`, such as ["prolific_llm"], or remove it',
        )
    if not evidence.authenticity:
        return
    if definition.panel.kind != "prolific":
        yield (
            ("evidence", "authenticity"),
            "`evidence.authenticity`: Prolific checks only people whom it sends, but "
            f'`panel.kind` is "{definition.panel.kind}"; set kind = "prolific", or remove it',
        )
    elif evidence.authenticity_at is None:
        yield (
            ("evidence", "authenticity"),
            "`evidence.authenticity`: Prolific's checks need a script from Prolific in the page, "
            "which sends it what people do there, but pages of this site load nothing from "
            "elsewhere. If people also answer a survey of yours in which Prolific checks them, "
            "name it as `evidence.authenticity_at`; otherwise remove it and use `evidence.traces`",
        )
