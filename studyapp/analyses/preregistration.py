"""What a study planned before anybody took part, as a document with a digest."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studyapp.models import Kind
from studyapp.paradigms import PARADIGMS, Paradigm
from studyapp.paradigms.wording import OwnQuestion
from studyapp.statistics.robust import FEWEST_EFFECTIVE
from studyapp.studies.definition.presentations import presentation_words
from studyapp.studies.definition.study import Definition, stored_definition
from studyapp.studies.design.certificate import certificate_lines

from .entry_plan import entry_lines
from .evidence_plan import evidence_lines
from .flagging_plan import flagging_plan
from .hypothesis_plan import (
    FOLLOWED,
    family_lines,
    has_tied,
    missing_data,
    sample_size,
    stated_hypotheses,
)
from .moderator_plan import moderator_plan

STOPPING = {
    "all_places": "when every place of the design is filled",
    "date": "on a date",
    "sequential": "by looking at the data, with an interval that holds at every look",
}
RULES = {
    "failed_checks": "{:g} or more failed attention checks",
    "fastest_median_ms": "a median reaction time below {:g} ms",
    "straight_lining": "the same answer in {:.0%} or more of the trials",
    "shortest_minutes": "less than {:g} minutes for the whole",
    "focus_losses": "{:g} or more times that the window lost the focus",
}
ANALYSES = {
    "score": (
        "Score = answer × s, s = +1 where the stronger network stands at B, else −1: plus favours "
        "the stronger network. Per method and per contrast the mean; methods are tested against 0. "
        "Beside it stands a cumulative-link mixed model whose effects of methods vary by person "
        "and photo."
    ),
    "correct": (
        "Per method and per contrast the share of right answers; methods are tested against "
        "chance, on the logit. Beside it stands a crossed logistic mixed model whose effects of "
        "methods vary by person and photo."
    ),
    "value": (
        "Answers are analysed as the numbers that they are: per method and per contrast the mean "
        "with a two-way cluster-robust error. A mean has no test, a contrast has."
    ),
    "unscored": "Words and the researcher's own fields have no score: they are counted and read.",
}


BETWEEN_SIDES = (
    "Of two conditions side by side neither is called stronger: s = +1 where the first one stands "
    "at B, and every test is two-sided. Beside the mean stand the share of answers for the first "
    "one, an answer for both counting a half, against one half, adjusted by Holm over all such "
    "twos, and the worths of all conditions that were compared, against the first side of the "
    "first two in alphabetical order, by Bradley-Terry with Davidson’s ties and an effect of the "
    "side, with two-way cluster-robust intervals."
)
PRIMARY = (
    "The number of every claim is the two-way cluster-robust one (people and photos; photos of one "
    "object are one cluster), with a t on one degree less than its effective clusters: the fewer "
    "of people and photos for a method, min G* for a contrast, G* = (Σa)² ÷ Σa², "
    "a = (n₁ ÷ N₁ + n₀ ÷ N₀)² of each cluster. A contrast with G* below {fewest} is not tested."
)
PLANNED = (
    "Planned are the contrasts of every other method with {reference}, adjusted together by Holm, "
    "and, apart from them, the methods’ tests against no effect, adjusted together. Every other "
    "contrast is exploratory: its p is adjusted over all pairs, and the report marks it so."
)


ONLY_MAIN = "- Only main trials of people who finished and are not left out; beside it everybody."
ALPHABETICAL = "the first in alphabetical order"


@dataclass(frozen=True)
class Preregistration:
    """The document as Markdown. `digest`: SHA-256 of everything above the line that gives it."""

    title: str
    plan: str
    appendix: str = ""

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.plan.encode()).hexdigest()

    def markdown(self) -> str:
        """The plan, its digest, and the appendix, which the digest does not cover."""
        told = f"SHA-256 of everything above this line: `{self.digest}`\n"
        return "\n".join(filter(None, [self.plan, told, self.appendix]))

    def text(self) -> str:
        """The same: its Markdown is plain words."""
        return self.markdown()

    def data(self) -> dict[str, str]:
        """What a JSON file holds."""
        return {
            "title": self.title, "plan": self.plan, "digest": self.digest,
            "appendix": self.appendix,
        }  # fmt: skip


def preregistration(
    definition: Definition, certificate: Mapping[str, Any], *, frozen: str, appendix: str = ""
) -> Preregistration:
    """The document of a definition and its design. `frozen`: whether and when it was frozen."""
    text = [f"# Preregistration: {definition.title}\n"]
    for title, lines in {"": [frozen], **plan_sections(definition, certificate)}.items():
        text += [f"## {title}\n"] if title else []
        text += [*lines, ""]
    return Preregistration(definition.title, "\n".join(text), appendix)


def plan_sections(
    definition: Definition, certificate: Mapping[str, Any]
) -> dict[str, Sequence[str]]:
    """The lines of the plan, Markdown each, by the titles of its sections."""
    return {
        "Hypotheses": _hypotheses(definition),
        "What people are asked": list(_questions(definition)),
        "Design": [f"- {line.strip()}" for line in certificate_lines(dict(certificate))],
        **({"Who may come": come} if (come := list(entry_lines(definition.who_may_come))) else {}),
        "Who is left out": _exclusions(definition),
        **({"Evidence of programs": found} if (found := evidence_lines(definition)) else {}),
        "When it stops": _stopping(definition),
        **dict(_sample_size(definition)),
        "Analysis": list(_analysis(definition)),
    }


def frozen_preregistration(
    facts: Mapping[str, Any],
    definition: Mapping[str, Any],
    certificate: Mapping[str, Any],
    appendix: str = "",
) -> Preregistration:
    """The document of a study whose row says `facts`: digests, and when it opened (ISO 8601)."""
    if not facts["opened_at"]:
        frozen = "The definition is a draft: it is frozen when the study opens."
    else:
        frozen = (
            f"Frozen when the study opened, {facts['opened_at'][:19].replace('T', ' ')} UTC. "
            f"Definition `{facts['definition_digest']}`, design `{facts['design_digest']}`, texts "
            f"`{facts['texts_digest']}`."
        )
    checked = stored_definition(definition)
    return preregistration(checked, certificate, frozen=frozen, appendix=appendix)


def _sample_size(definition: Definition) -> list[tuple[str, list[str]]]:
    """Only where the study file has words for it, or hypotheses to decide."""
    if definition.analysis.sample_size_reason is None and not has_tied(definition):
        return []
    return [("Sample size", [sample_size(definition)])]


def _hypotheses(definition: Definition) -> list[str]:
    return [*stated_hypotheses(definition)] or ["None is stated: the study is exploratory."]


def _questions(definition: Definition) -> Iterator[str]:
    for block in definition.blocks:
        title = PARADIGMS[block.paradigm].title if block.paradigm in PARADIGMS else block.paradigm
        checks = f", {block.checks} attention checks" if block.checks else ""
        yield f"- block {block.name} ({block.stage}): {title} {block.trials} trials{checks}"
        if block.wording:
            yield (
                f"  - in the study's own words (wording `{block.wording}`), which the definition "
                "holds: its answers are pooled with no others"
            )
        if isinstance(block, OwnQuestion) and block.may_decline:
            yield (
                "  - people may answer “Prefer not to say”: it is stored as an answer without a "
                "score, is in no mean, model or test, and is counted by condition"
            )
        if block.compared:
            twos = "; ".join(f"{first} and {second}" for first, second in block.compared)
            yield f"  - side by side, the first favoured by plus: {twos}"
        if block.presentation is not None:
            yield f"- block {block.name}, presentation: {presentation_words(block.presentation)}"
    for one in definition.conditions:
        made = f" ({Kind(one.shown_kind).noun} from {one.files})" if one.files else ""
        settings = f" with {one.settings}" if one.settings else ""
        yield f"- condition {one.name}: method {one.method}{made}{settings}"
    for arm, names in definition.arm_conditions().items():
        yield f"- arm {arm}: {', '.join(names)}"


def _exclusions(definition: Definition) -> list[str]:
    limits = definition.exclusions.model_dump()
    lines = [
        f"- {RULES[rule].format(limit) if rule in RULES else f'{rule}: {limit}'}"
        for rule, limit in limits.items()
        if limit is not None
    ]
    said = "The rules look at no outcome; they are applied late, as rows beside the data."
    return [*lines, "", said] if lines else ["Nobody is left out by a rule."]


def _stopping(definition: Definition) -> list[str]:
    stopping = definition.stopping
    detail = f": {stopping.detail}" if stopping.detail else ""
    looks = (
        "Looking is allowed: a confidence sequence over finished people's means, valid at every "
        "look; it speaks of these photos."
        if definition.analysis.looks
        else "Nobody looks at outcomes before."
    )
    return [f"The study stops {STOPPING[stopping.rule]}{detail}. {looks}"]


def _analysis(definition: Definition) -> Iterator[str]:
    yield from model_lines(definition)
    yield from family_of_tests(definition)
    yield from (f"- {line}" for line in moderator_plan(definition))
    yield ONLY_MAIN
    yield from (f"- {line}" for line in flagging_plan(definition))
    if has_tied(definition) or definition.analysis.missing_data is not None:
        yield f"- {missing_data(definition)}"
    yield from equivalence_lines(definition)


def model_lines(definition: Definition) -> Iterator[str]:
    """How the answers to each kind of question are analysed, and which number a claim rests on."""
    plans = [_plan(PARADIGMS[name]) for name in definition.paradigms()]
    yield from (f"{plan}\n" for plan in dict.fromkeys(plans))
    if any(block.compared for block in definition.blocks):
        yield f"{BETWEEN_SIDES}\n"
    is_followed = has_tied(definition) and definition.analysis.looks
    yield f"- {FOLLOWED if is_followed else PRIMARY.format(fewest=FEWEST_EFFECTIVE)}"


def family_of_tests(definition: Definition) -> list[str]:
    """What is planned, how its tests are adjusted, and what is exploratory."""
    if has_tied(definition):
        return [f"- {line}" for line in family_lines(definition)]
    return [f"- {PLANNED.format(reference=_reference(definition))}"]


def equivalence_lines(definition: Definition) -> list[str]:
    """The smallest effect of the whole analysis; hypotheses that are tied state their own."""
    smallest = definition.analysis.smallest_effect
    if has_tied(definition):
        return []
    if smallest is None:
        return ["- No smallest effect of interest is stated, so no equivalence is tested."]
    return [
        f"- The smallest effect of interest is {smallest:g}; a contrast whose 90 % interval "
        f"lies within ±{smallest:g} is called equivalent (two one-sided tests at 5 %)."
    ]


def _reference(definition: Definition) -> str:
    """What other methods are compared with, by paradigm where they differ and two networks are
    compared; plans of other studies keep their sentence, which is registered."""
    if definition.analysis.reference:
        return definition.analysis.reference
    scored = [name for name in definition.paradigms() if PARADIGMS[name].is_scored]
    found = {name: definition.baseline_of(name) for name in scored}
    if not any(found[name] for name in scored if PARADIGMS[name].has_sides):
        return ALPHABETICAL
    if len(set(found.values())) == 1:
        return found[scored[0]]
    return " and ".join(f"{one or ALPHABETICAL} in {name}" for name, one in found.items())


def _plan(paradigm: Paradigm) -> str:
    """How a paradigm's answers will be analysed, in its own words or by its declared outcome."""
    kind = paradigm.outcome or ("value" if paradigm.is_scored else "unscored")
    return paradigm.plan or ANALYSES[kind]
