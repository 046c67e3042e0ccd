"""A plan in the order of AsPredicted's form and of the OSF's Preregistration template.

The questions are those of the forms: https://aspredicted.org, and Bowman and others, OSF Prereg:
https://doi.org/10.31222/osf.io/epgjd. Every answer follows from the study's definition and its
certificate, so that a study has one form of each kind, with one digest.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from studyapp.paradigms import PARADIGMS
from studyapp.studies.definition.study import Definition, stored_definition

from .hypothesis_plan import EXPLORATORY, has_tied, missing_data, sample_size
from .preregistration import (
    ONLY_MAIN,
    equivalence_lines,
    family_of_tests,
    frozen_preregistration,
    model_lines,
    plan_sections,
)

PANELS = {
    "link": "by an open link",
    "personal": "by personal links",
    "prolific": "from Prolific",
    "mturk": "from Amazon Mechanical Turk",
    "connect": "from CloudResearch Connect",
    "sona": "from a SONA participant pool",
}
SOURCES = {"prolific": "Prolific", "mturk": "MTurk", "sona": "University lab"}
OF_CONDITIONS = ("- condition ", "- arm ")
RANDOMIZATION = (
    "The site draws the whole design before anybody takes part, from the seed in the definition: "
    "who sees which photo under which condition, in which order, on which side. People get the "
    "next free place of it, so that arms fill in turn."
)
BLINDING = (
    "People are not told which method made a picture, nor which network is which. The plan lets "
    "nobody look at outcomes while the study runs{unless}. Rules of exclusion look at no outcome."
)
Sections = Mapping[str, Any]


@dataclass(frozen=True)
class Item:
    """A question of a form, in its section, with its answer in lines of Markdown."""

    section: str
    question: str
    answer: list[str]


@dataclass(frozen=True)
class Form:
    """A filled form. plan: the digest of the whole plan; of_plan: what the plan is to this form."""

    kind: str
    title: str
    plan: str
    items: list[Item]
    of_plan: str = "SHA-256 of the whole plan, of which this is another order"

    @property
    def digest(self) -> str:
        """SHA-256 of the items as JSON: `json.dumps(items, sort_keys=True, ensure_ascii=False)`."""
        told = [asdict(one) for one in self.items]
        text = json.dumps(told, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def markdown(self) -> str:
        """The questions as headings, under those of their sections."""
        lines, section = [f"# {self.title}: {self.kind}", ""], ""
        for number, one in enumerate(self.items, 1):
            if one.section != section:
                lines += [f"## {one.section}", ""]
            section = one.section
            lines += [f"### {number}. {one.question}", "", *one.answer, ""]
        return "\n".join([*lines, *self._digests("`"), ""])

    def text(self) -> str:
        """The same without marks, to be pasted into the form field by field."""
        lines = [f"{self.title}: {self.kind}", ""]
        for number, one in enumerate(self.items, 1):
            where = f"{one.section}: " if one.section else ""
            told = [line.replace("`", "") for line in one.answer]
            lines += [f"{number}. {where}{one.question}", "", *told, "", ""]
        return "\n".join([*lines, *self._digests(""), ""])

    def data(self) -> dict[str, Any]:
        """What a JSON file holds."""
        return {**asdict(self), "digest": self.digest}

    def _digests(self, mark: str) -> list[str]:
        return [
            f"SHA-256 of the questions and answers as JSON: {mark}{self.digest}{mark}",
            "",
            f"{self.of_plan}: {mark}{self.plan}{mark}",
        ]


def filled_form(
    kind: str,
    facts: Mapping[str, Any],
    definition: Mapping[str, Any],
    certificate: Mapping[str, Any],
) -> Form:
    """The form of that kind (a key of FORMS) for a study whose row says `facts`."""
    checked = stored_definition(definition)
    plan = frozen_preregistration(facts, definition, certificate).digest
    name, fill = FORMS[kind]
    items = fill(checked, plan_sections(checked, certificate), bool(facts["opened_at"]))
    return Form(name, checked.title, plan, list(items))


def _aspredicted(definition: Definition, plan: Sections, is_frozen: bool) -> Iterable[Item]:
    answers = [
        ("Data collection. Have any data been collected for this study already?",
         [_collected(is_frozen)]),
        ("Hypothesis. What’s the main question being asked or hypothesis being tested in this "
         "study?", plan["Hypotheses"]),
        ("Dependent variable. Describe the key dependent variable(s) specifying how they will be "
         "measured.", _asked(plan)),
        ("Conditions. How many and which conditions will participants be assigned to?",
         [_design_words(definition), "", *_conditions(plan)]),
        ("Analyses. Specify exactly which analyses you will conduct to examine the main "
         "question/hypothesis.", plan["Analysis"]),
        ("Outliers and Exclusions. Describe exactly how outliers will be defined and handled, and "
         "your precise rule(s) for excluding observations.",
         [*_left_out(plan), missing_data(definition)]),
        ("Sample Size. How many observations will be collected or what will determine sample size?",
         [sample_size(definition), *plan["When it stops"]]),
        ("Other. Anything else you would like to pre-register?",
         [RANDOMIZATION, "", *plan["Design"]]),
        ("Name. Give a title for this AsPredicted pre-registration.", [definition.title]),
        ("Type of Study.", ["Experiment"]),
        ("Data source.", [SOURCES.get(definition.panel.kind, "Other")]),
    ]  # fmt: skip
    return (Item("", question, list(answer)) for question, answer in answers)


def _osf(definition: Definition, plan: Sections, is_frozen: bool) -> Iterable[Item]:
    sections: dict[str, list[tuple[str, Iterable[str]]]] = {
        "Study Information": [
            ("Title", [definition.title]),
            ("Description", [definition.summary or definition.title]),
            ("Hypotheses", plan["Hypotheses"]),
        ],
        "Design Plan": [
            ("Study type", ["Experiment: a researcher randomly assigns treatments to study "
                            "subjects."]),
            ("Blinding", ["For studies that involve human subjects, they will not know the "
                          "treatment group to which they have been assigned."]),
            ("Is there any additional blinding in this study?", [_blinding(definition)]),
            ("Study design", [_design_words(definition), "", *_conditions(plan), "",
                              *plan["Design"]]),
            ("Randomization", [RANDOMIZATION]),
        ],
        "Sampling Plan": [
            ("Existing data", [_existing(is_frozen)]),
            ("Explanation of existing data", ["There are none of this study."]),
            ("Data collection procedures", _procedures(definition)),
            ("Sample size", [_size(definition)]),
            ("Sample size rationale",
             [definition.analysis.sample_size_reason or "No reason is stated."]),
            ("Stopping rule", plan["When it stops"]),
        ],
        "Variables": [
            ("Manipulated variables", _conditions(plan)),
            ("Measured variables", _asked(plan)),
            ("Indices", ["Each score follows from a stored answer by a key that is drawn with the "
                         "trial; published questionnaires are scored as their authors say."]),
        ],
        "Analysis Plan": [
            ("Statistical models", list(model_lines(definition))),
            ("Transformations", ["Shares of right answers have their interval and test on the "
                                 "logit; nothing else is transformed."]),
            ("Inference criteria", [*family_of_tests(definition),
                                    *equivalence_lines(definition)]),
            ("Data exclusion", [*_left_out(plan), ONLY_MAIN]),
            ("Missing data", [missing_data(definition)]),
            ("Exploratory analysis", [EXPLORATORY if has_tied(definition) else
                                      "Every contrast that is not planned is exploratory."]),
        ],
        "Other": [("Other", ["The definition, the design and every text are frozen when the study "
                             "opens; later changes are listed as deviations."])],
    }  # fmt: skip
    return (
        Item(section, question, list(answer))
        for section, items in sections.items()
        for question, answer in items
    )


FORMS: Mapping[str, tuple[str, Callable[[Definition, Sections, bool], Iterable[Item]]]] = {
    "aspredicted": ("AsPredicted", _aspredicted),
    "osf": ("OSF Preregistration", _osf),
}


def _collected(is_frozen: bool) -> str:
    told = "No, no data have been collected for this study yet."
    return f"{told} That is how it was when the plan was frozen." if is_frozen else told


def _existing(is_frozen: bool) -> str:
    told = (
        "Registration prior to creation of data: as of the date of submission, the data have not "
        "yet been collected, created, or realized."
    )
    return f"{told} That is how it was when the plan was frozen." if is_frozen else told


def _asked(plan: Sections) -> list[str]:
    return [one for one in plan["What people are asked"] if not one.startswith(OF_CONDITIONS)]


def _conditions(plan: Sections) -> list[str]:
    return [one for one in plan["What people are asked"] if one.startswith(OF_CONDITIONS)]


def _left_out(plan: Sections) -> list[str]:
    return [*plan["Who is left out"], ""]


def _design_words(definition: Definition) -> str:
    arms = definition.arm_conditions()
    shown = f"{len(definition.conditions)} conditions"
    if len(arms) == 1:
        return f"Within subjects: everybody is assigned to the same {shown}, in a drawn order."
    return (
        f"{len(arms)} arms between subjects, {shown} in all; within an arm everybody sees the "
        "same conditions, in a drawn order."
    )


def _size(definition: Definition) -> str:
    trials = sum(block.trials for block in definition.blocks if block.is_main)
    return (
        f"{definition.design.people} people, who are asked {trials} times each, about "
        f"{definition.design.stimuli} photos for each kind of question."
    )


def _blinding(definition: Definition) -> str:
    unless = ", but for the interim looks of the plan" if definition.analysis.looks else ""
    return BLINDING.format(unless=unless)


def _procedures(definition: Definition) -> list[str]:
    """Where people come from, who may take part, and what they are paid."""
    panel, pay, ethics = definition.panel, definition.pay, definition.ethics
    asks = [PARADIGMS[name].title for name in definition.paradigms()]
    lines = [
        f"- People come {PANELS[panel.kind]}, with {', '.join(panel.devices)}.",
        f"- They consent, read the instructions, and are asked: {' '.join(asks)}",
    ]
    lines += [
        f"- Only who answers “{one.question}” with {' or '.join(one.accepted)} takes part."
        for one in definition.screening
    ]
    if definition.comprehension is not None:
        lines.append(f"- Questions about the instructions: {definition.comprehension.attempts} "
                     "attempts.")  # fmt: skip
    if pay is not None:
        lines.append(f"- They are paid {pay.amount:g} {pay.currency}.")
    if ethics is not None:
        lines.append(f"- It takes about {ethics.minutes} minutes.")
    return lines
