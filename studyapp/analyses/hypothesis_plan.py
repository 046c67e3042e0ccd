"""What a preregistration says of hypotheses that are tied to contrasts: tests, family, verdicts."""

from collections.abc import Iterator

from studyapp.paradigms import PARADIGMS
from studyapp.shelf.formatting import counted
from studyapp.statistics.narrow_sequence import FROM_ARM, FROM_OTHERS, FROM_PEOPLE
from studyapp.statistics.robust import FEWEST_EFFECTIVE
from studyapp.studies.definition.study import Definition

from .hypotheses import ROBUST, Tied, tied_hypotheses

# Each with its random terms, as R writes them
MODELS = {
    ROBUST: "the two-way cluster-robust t",
    "glmer_full": "the logistic mixed model correct ~ method + (1|participant) + (1|image) + "
    "(1|participant:method) + (1|image:method)",
    "clmm_full": "the cumulative-link mixed model score ~ method + (1|participant) + (1|image) + "
    "(1|participant:method) + (1|image:method)",
    "clmm_side_full": "the cumulative-link mixed model answer ~ s:method + (1|participant) + "
    "(0+s|participant) + (0+s|image) + (0+s|participant:method) + (0+s|image:method), where s is "
    "the side of the stronger network",
}
EXPECTED = {
    "greater": "expected to be greater than {null}",
    "less": "expected to be less than {null}",
    "different": "expected to differ from {null}, either way",
    "equivalent": "expected to be within ±{margin:g} of {null}",
}
FAMILY = (
    "The {hypotheses} tied to a contrast are one family, whatever they ask, with a family-wise "
    "error rate of {alpha:g}; tests for an effect are {sided}. Of each effect up to three nulls "
    "are tested at its one share of alpha: that there is none, and, with a smallest effect of "
    "interest m, that it is m or more (two one-sided tests) and that it is below m. Holm’s "
    "step-down runs over the hypotheses: one without m gives its share to the others once its null "
    "is rejected, one with m keeps it, since one of its last two nulls is always true."
)
CRITERIA = (
    "Verdicts: supported where no effect is rejected and the estimate has the direction stated (of "
    "“equivalent”: where m or more is rejected); supported, but below the smallest effect, where m "
    "or more is rejected too; {opposite}; equivalent where only m or more is rejected; undecided "
    "otherwise. An effect is called at least m where below m is rejected."
)
OPPOSITE = {
    "two": "opposite where no effect is rejected and the estimate has the other direction (of "
    "“equivalent”: where below m is rejected)",
    "one": "opposite never, but of “equivalent” where below m is rejected",
}
FALLBACK = (
    "What decides is fixed here, and nothing takes its place: a hypothesis whose mixed model does "
    "not converge, or whose contrast rests on fewer than {fewest} effective people or photos, is "
    "undecided, with the reason. Terms that a design can’t identify are left out of a model."
)
SEQUENCE = "a confidence sequence over finished people’s means, which holds at every look"
FOLLOWED = (
    "The number of every claim is that of finished people’s means, in the order in which they "
    "finished (a pair within the people who judged both, and between people where nobody did), "
    "with an asymptotic confidence sequence and p values that hold at every look (Waudby-Smith and "
    "others 2024, theorem 2.2). They speak of these photos. Two-way cluster-robust intervals "
    "stand beside them, without p values."
)
FOLLOWED_FALLBACK = (
    "What decides is fixed here, and nothing takes its place: a hypothesis is undecided, with the "
    "reason, until {people} people have finished ({arm} in the smaller of two arms), of whom "
    "{others} gave another answer than the most frequent one."
)
BY_MODEL = (
    "The number of a hypothesis that names a mixed model is that model’s, with a t on the degrees "
    "of the robust test."
)
EXPLORATORY = (
    "Everything else is exploratory and marked so, also tests of methods against no effect: their "
    "p values are adjusted by Holm over all methods, those of other contrasts over all pairs."
)
MODERATORS = (
    "Of it only planned moderators are not exploratory; they are a family of their own, beside "
    "the error rate of the hypotheses."
)
MISSING = (
    "Nothing is imputed: an answer that is missing, or that somebody preferred not to give, is in "
    "no mean, model or test; who did not finish is left out."
)


def stated_hypotheses(definition: Definition) -> Iterator[str]:
    """Every hypothesis by its number, and what one that is tied is tested by."""
    tied = {one.number: one for one in _tied(definition)}
    for number, one in enumerate(definition.analysis.hypotheses, 1):
        yield f"{number}. {one if isinstance(one, str) else one.text}"
        if number in tied:
            yield f"   - {words_of_test(tied[number], looks=definition.analysis.looks)}"
        elif tied:
            yield "   - tied to no contrast, so that it gets no verdict"


def words_of_test(one: Tied, *, looks: bool) -> str:
    """The contrast of a hypothesis, what is expected of it, and what decides.

    looks: whether the plan allows looking."""
    null = "0" if one.b or PARADIGMS[one.paradigm].outcome == "score" else "chance"
    if not one.b and PARADIGMS[one.paradigm].null is not None:
        null = f"{PARADIGMS[one.paradigm].null:g}"
    expected = EXPECTED[one.direction].format(null=null, margin=one.margin)
    margin = "" if one.margin is None else f"; smallest effect of interest {one.margin:g}"
    unit = " on the logit scale" if one.margin is not None and one.model != ROBUST else ""
    decides = SEQUENCE if looks and one.model == ROBUST else MODELS[one.model]
    return f"{one.contrast} in {one.paradigm}, {expected}{margin}{unit}; decided by {decides}"


def family_lines(definition: Definition) -> list[str]:
    """The family, its error rate, what each verdict means, and what happens where a model fails."""
    plan, count = definition.analysis, len(definition.analysis.tied)
    by_model = [BY_MODEL] if any(one.model != ROBUST for _, one in plan.tied) else []
    fallback = (
        FOLLOWED_FALLBACK.format(people=FROM_PEOPLE, arm=FROM_ARM, others=FROM_OTHERS)
        if plan.looks
        else FALLBACK.format(fewest=FEWEST_EFFECTIVE)
    )
    return [
        FAMILY.format(
            hypotheses=counted(count, "hypothesis that is", "hypotheses that are"),
            alpha=plan.alpha,
            sided=f"{plan.sided}-sided",
        ),
        CRITERIA.format(opposite=OPPOSITE[plan.sided]),
        *by_model,
        fallback,
        EXPLORATORY,
        *([MODERATORS] if any(one.planned for one in plan.moderators) else []),
    ]


def has_tied(definition: Definition) -> bool:
    return bool(definition.analysis.tied)


def missing_data(definition: Definition) -> str:
    """The rule that always holds, and what the study adds to it."""
    return " ".join(filter(None, [MISSING, definition.analysis.missing_data]))


def sample_size(definition: Definition) -> str:
    """How many people and photos, and why."""
    design = definition.design
    size = (
        f"{counted(design.people, 'person', 'people')} and "
        f"{counted(design.stimuli, 'photo', 'photos')}, as the design says."
    )
    reason = definition.analysis.sample_size_reason or "No reason is stated."
    return f"{size} {reason}"


def _tied(definition: Definition) -> list[Tied]:
    return tied_hypotheses(definition.model_dump(mode="json"))
