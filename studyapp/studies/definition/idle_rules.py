"""Rules of a study file that could never apply: a promise that nothing keeps is refused."""

from collections.abc import Iterator, Sequence

from studyapp.paradigms import PARADIGMS
from studyapp.sections.people import QuestionSection, ScreeningSection

from .asking import asked_questions
from .rules import Complaint, Rule, rule
from .study import Definition
from .toml_lines import Path as KeyPath


def idle_rules(definition: Definition) -> Iterator[Rule]:
    """What tells each rule that can never apply, with its place and the fix."""
    yield rule(_idle_checks(definition), "blocks.*.checks")
    yield rule(_idle_exclusions(definition), "blocks")
    yield rule(_idle_stopping(definition), "analysis.looks stopping.detail")
    yield rule(_idle_looks(definition), "blocks.*.stage")
    shown = "arms conditions.*.name blocks.*.conditions blocks.*.stage"
    yield rule(_idle_reference(definition), shown)
    yield rule(_idle_effect(definition), "blocks")
    yield rule(_idle_questions(("screening",), definition.screening, "turns nobody away"))
    if (tested := definition.comprehension) is not None:
        place = ("comprehension", "questions")
        yield rule(_idle_questions(place, tested.questions, "stops nobody"))


def _idle_checks(definition: Definition) -> Iterator[Complaint]:
    rules = definition.exclusions
    checks = sum(block.checks for block in definition.blocks)
    if rules.failed_checks is not None and rules.failed_checks > checks:
        there = f"only {checks}" if checks else "no attention checks"
        yield (
            ("exclusions", "failed_checks"),
            f"`exclusions.failed_checks = {rules.failed_checks}` can never apply: people get "
            f"{there}; add `checks` to a block, or change the rule",
        )


def _idle_exclusions(definition: Definition) -> Iterator[Complaint]:
    rules = definition.exclusions
    asked = [one for one in asked_questions(definition) if one.block.is_main]
    if rules.fastest_median_ms is not None and not asked:
        yield (
            ("exclusions", "fastest_median_ms"),
            "`exclusions.fastest_median_ms` can never apply: no block is analysed; "
            "add one, or remove the rule",
        )
    # How many listed answers a person chooses in analysed blocks
    chosen = sum(
        one.block.trials
        for one in asked
        if one.question.answers and PARADIGMS[one.block.paradigm].can_be_alike(one.question.name)
    )
    if rules.straight_lining is not None and chosen < 2:
        why = (
            "would exclude everybody: people choose one listed answer only"
            if chosen
            else "can never apply: no analysed block asks for a choice among listed answers"
        )
        yield (
            ("exclusions", "straight_lining"),
            f"`exclusions.straight_lining` {why}; add such a block, or remove the rule",
        )


def _idle_stopping(definition: Definition) -> Iterator[Complaint]:
    if definition.stopping.rule == "sequential" and not definition.analysis.looks:
        yield (
            ("stopping", "rule"),
            '`stopping.rule = "sequential"` can never apply: results are not looked at before the '
            "end; set looks = true in [analysis], or choose another rule",
        )
    if definition.stopping.rule == "date" and not definition.stopping.detail.strip():
        yield (
            ("stopping", "rule"),
            '`stopping.rule = "date"` can never apply: no date is given; write it in '
            "`stopping.detail`",
        )


def _idle_looks(definition: Definition) -> Iterator[Complaint]:
    is_scored = any(PARADIGMS[one.paradigm].is_scored for one in definition.blocks if one.is_main)
    if definition.analysis.looks and not is_scored:
        yield (
            ("analysis", "looks"),
            "`analysis.looks = true` can never apply: no analysed block has a score to look at; "
            "remove it",
        )


def _idle_reference(definition: Definition) -> Iterator[Complaint]:
    reference = definition.analysis.reference
    known = {one.name for one in definition.conditions}
    if reference is None or reference not in known:
        return
    asked = {name for names in definition.arm_conditions().values() for name in names}
    blocks = [
        block
        for block in definition.blocks
        if block.is_main and PARADIGMS[block.paradigm].asks_about_photos(block)
    ]
    if all(block.conditions is not None or block.compared for block in blocks):
        asked &= {name for block in blocks for name in block.conditions or []}
    if reference not in asked:
        yield (
            ("analysis", "reference"),
            f'`analysis.reference = "{reference}"` can never apply: no analysed block shows it; '
            f"name one of {', '.join(sorted(asked)) or 'the conditions that are shown'}",
        )


def _idle_effect(definition: Definition) -> Iterator[Complaint]:
    """With a margin that no difference can reach, everything would be called equivalent."""
    effect = definition.analysis.smallest_effect
    for block in definition.blocks:
        paradigm = PARADIGMS[block.paradigm]
        widest = paradigm.widest_difference(block) if block.is_main else None
        if effect is not None and widest is not None and effect >= widest:
            of, fix = (
                ("shares of right answers", "write 5 percentage points as 0.05")
                if paradigm.outcome == "correct"
                else ("means on its scale", "write a smaller number")
            )
            yield (
                ("analysis", "smallest_effect"),
                f"`analysis.smallest_effect = {effect:g}` would call every result of block "
                f"{block.name} equivalent: {of} differ by {widest:g} at most; {fix}",
            )


def _idle_questions(
    path: KeyPath, questions: Sequence[QuestionSection], does_nothing: str
) -> Iterator[Complaint]:
    for number, question in enumerate(questions):
        if isinstance(question, ScreeningSection) and question.strata:
            continue
        if set(question.accept) == set(range(1, len(question.answers) + 1)):
            yield (
                (*path, number, "accept"),
                f"`{path[0]}`: every answer to “{question.question}” is accepted, so it "
                f"{does_nothing}; accept fewer answers, or remove the question",
            )
