"""What is wrong with hypotheses that are tied to contrasts, each with its place and the fix."""

from collections.abc import Iterator, Mapping

from studyapp.paradigms import PARADIGMS
from studyapp.sections.planning import HypothesisSection
from studyapp.shelf.likely_names import unknown

from .analysed_names import analysed_names, scored_paradigms
from .rules import Complaint, Rule, rule
from .study import Definition
from .toml_lines import Path as KeyPath

# The mixed models that are fitted to an outcome; to any other number none is
MODELS: Mapping[str | None, tuple[str, ...]] = {
    "correct": ("robust", "glmer_full"),
    "score": ("robust", "clmm_side_full", "clmm_full"),
}
READS = "arms conditions.*.name blocks"


def hypothesis_rules(definition: Definition) -> Iterator[Rule]:
    """Every tied hypothesis by itself, then all together."""
    for place, one in enumerate(definition.analysis.hypotheses):
        if isinstance(one, HypothesisSection):
            yield rule(_complaints(definition, place, one), READS)
    yield rule(_twice(definition), "analysis.hypotheses blocks")
    yield rule(_without_margin(definition), "analysis.hypotheses blocks")
    yield rule(_without_family(definition), "analysis.hypotheses")


def _complaints(definition: Definition, place: int, one: HypothesisSection) -> Iterator[Complaint]:
    path: KeyPath = ("analysis", "hypotheses", place)
    key, scored = f"`analysis.hypotheses` {place + 1}", scored_paradigms(definition)
    if not scored:
        yield path, f"{key} is tied to a contrast, but no block has a score; write it as a text"
        return
    if one.paradigm is None and len(scored) > 1:
        yield (
            (*path, "paradigm"),
            f"{key} doesn't say which question it is about; add paradigm = one of "
            f"{', '.join(scored)}",
        )
        return
    paradigm = one.paradigm or scored[0]
    if paradigm not in scored:
        yield (
            (*path, "paradigm"),
            unknown(f"analysis.hypotheses.{place}.paradigm", paradigm, scored),
        )
        return
    yield from _contrast_complaints(definition, path, key, one, paradigm)
    yield from _test_complaints(definition, path, key, one, paradigm)
    yield from _margin_complaints(definition, path, key, one, paradigm)


def _contrast_complaints(
    definition: Definition, path: KeyPath, key: str, one: HypothesisSection, paradigm: str
) -> Iterator[Complaint]:
    known, place = analysed_names(definition, paradigm), (*path, "contrast")
    strange = next((name for name in one.contrast if name not in known), None)
    if strange is not None:
        yield (
            place,
            _strange(definition, f"analysis.hypotheses.{path[-1]}.contrast", strange, known),
        )
        return
    if len(set(one.contrast)) < len(one.contrast):
        yield place, f"{key} compares {one.contrast[0]} with itself; name two that differ"
    elif len({known[name] for name in one.contrast}) > 1:
        yield (
            place,
            f"{key}: {' and '.join(one.contrast)} are answered on different scales, which are "
            "never compared; name two of one scale",
        )
    elif len(one.contrast) == 1 and not PARADIGMS[paradigm].has_null:
        yield (
            place,
            f"{key}: a mean of {paradigm} has no value that it could be tested against; name a "
            "second condition",
        )
    elif len(one.contrast) == 1 and one.model == "clmm_full":
        yield (
            (*path, "model"),
            f"{key}: `clmm_full` tests the mean score of one condition, which is on no logit "
            "scale; use robust, or name a second condition",
        )


def _strange(definition: Definition, key: str, name: str, known: Mapping[str, str]) -> str:
    """Why a contrast can't have a name that is none of the `known` methods."""
    if name in definition.arm_conditions():
        return f"`{key}`: {name} is an arm; name the conditions that its people see"
    if name not in {condition.name for condition in definition.conditions}:
        return unknown(key, name, known)
    own = [one for one in known if one.startswith(f"{name}, ")]
    if own:
        listed = " or ".join(f"“{one}”" for one in own)
        return f"`{key}`: {name} is answered on several scales; name one of them: {listed}"
    return (
        f"`{key}`: no analysed block of this question shows {name}; name one of "
        f"{', '.join(known) or 'those that it shows'}"
    )


def _test_complaints(
    definition: Definition, path: KeyPath, key: str, one: HypothesisSection, paradigm: str
) -> Iterator[Complaint]:
    fitted = MODELS.get(PARADIGMS[paradigm].outcome, ("robust",))
    smallest = one.smallest_effect or (
        definition.analysis.smallest_effect if one.model == "robust" else None
    )
    if one.model not in fitted:
        yield (
            (*path, "model"),
            f'{key}: `model = "{one.model}"` is not fitted to {paradigm}; use '
            f"{' or '.join(fitted)}",
        )
    elif one.model.startswith("clmm_side") and not PARADIGMS[paradigm].has_sides:
        yield (
            (*path, "model"),
            f'{key}: `model = "{one.model}"` needs a stronger network at A or B, and {paradigm} '
            "has none; use robust or clmm_full",
        )
    elif one.model != "robust" and definition.analysis.looks:
        yield (
            (*path, "model"),
            f"{key}: with `analysis.looks = true` every verdict comes from a sequence, which "
            f"{one.model} has not, so that it would stay undecided; use robust, or remove looks",
        )
    if one.direction == "equivalent" and smallest is None:
        yield (
            (*path, "smallest_effect"),
            f"{key}: equivalence needs a margin, and none is given; add smallest_effect, the "
            "smallest difference that would matter",
        )
    if one.direction == "different" and definition.analysis.sided == "one":
        yield (
            (*path, "direction"),
            f'{key}: `direction = "different"` needs a two-sided test; say greater or less, or '
            '`analysis.sided = "two"`',
        )


def _margin_complaints(
    definition: Definition, path: KeyPath, key: str, one: HypothesisSection, paradigm: str
) -> Iterator[Complaint]:
    """That no estimate could reach the margin."""
    is_alone = len(one.contrast) == 1
    # The margin of the whole analysis is checked against differences by itself
    margin = one.smallest_effect or (definition.analysis.smallest_effect if is_alone else None)
    asked = PARADIGMS[paradigm]
    widest = [
        reach
        for block in definition.blocks
        if block.paradigm == paradigm and block.is_main
        for reach in [asked.widest_from_null(block) if is_alone else asked.widest_difference(block)]
        if reach is not None
    ]
    if margin and one.model == "robust" and margin >= min(widest, default=float("inf")):
        null = "chance" if asked.outcome == "correct" else f"{asked.null or 0:g}"
        differ = (
            f"a mean of {paradigm} differs from {null}"
            if is_alone
            else (f"means of {paradigm} differ")
        )
        yield (
            (*path, "smallest_effect"),
            f"{key}: {differ} by {min(widest):g} at most, so that none could reach "
            f"smallest_effect = {margin:g}; write a smaller number, such as 0.05 for 5 "
            "percentage points",
        )


def _twice(definition: Definition) -> Iterator[Complaint]:
    """One contrast has one hypothesis, whose test says all that can be said of it."""
    scored, seen = scored_paradigms(definition), dict[tuple[str, frozenset[str]], int]()
    for number, one in definition.analysis.tied:
        contrast = one.paradigm or "".join(scored[:1]), frozenset(one.contrast)
        if contrast in seen:
            yield (
                ("analysis", "hypotheses", number - 1, "contrast"),
                f"`analysis.hypotheses` {number} has the contrast of {seen[contrast]}, and one "
                "test decides both; keep one of them, with smallest_effect if its size matters",
            )
        seen.setdefault(contrast, number)


def _without_margin(definition: Definition) -> Iterator[Complaint]:
    """One margin can't be meant of answers in several units."""
    scored, usual = scored_paradigms(definition), definition.analysis.smallest_effect
    without = [
        (number, one.paradigm or "".join(scored[:1]))
        for number, one in definition.analysis.tied
        if one.smallest_effect is None and one.model == "robust"
    ]
    units = {PARADIGMS[paradigm].outcome or paradigm for _, paradigm in without}
    if usual is not None and len(units) > 1:
        numbers = ", ".join(str(number) for number, _ in without)
        asked = " and ".join(dict.fromkeys(paradigm for _, paradigm in without))
        yield (
            ("analysis", "smallest_effect"),
            f"`analysis.smallest_effect = {usual:g}` would be the margin of hypotheses {numbers}, "
            f"but answers of {asked} have different units; give each of them its own "
            "smallest_effect",
        )


def _without_family(definition: Definition) -> Iterator[Complaint]:
    """Keys that only verdicts read."""
    plan = definition.analysis
    if plan.tied:
        return
    for key, is_given in (("alpha", plan.alpha != 0.05), ("sided", plan.sided != "two")):
        if is_given:
            yield (
                ("analysis", key),
                f"`analysis.{key}` can never apply: no hypothesis is tied to a contrast; write one "
                f"as [[analysis.hypotheses]], or remove {key}",
            )
