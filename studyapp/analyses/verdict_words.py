"""The verdicts on hypotheses in words."""

from collections.abc import Callable, Mapping
from typing import Any

from studyapp.shelf.formatting import interval, number, p_value, percent, points, signed

SUPPORTED = "supported"
BELOW = "supported, but below the smallest effect"
OPPOSITE = "opposite"
EQUIVALENT = "equivalent"
UNDECIDED = "undecided"
TITLES = {
    SUPPORTED: "Supported",
    BELOW: "Supported, but below the smallest effect of interest",
    OPPOSITE: "The opposite was found",
    EQUIVALENT: "Not supported: smaller than the smallest effect of interest",
    UNDECIDED: "Undecided",
}
# What follows a number, where its form doesn't tell
UNITS = {"score": " on the scale of the score", "value": " on its scale", "logits": " logits"}
Show = Callable[[float | None], str]
Facts = Mapping[str, Any]


def verdict_sentence(one: Facts) -> str:
    """The verdict with the effect, its 95 % interval, its unit and the adjusted p values."""
    title = TITLES[one["verdict"]]
    if one["estimate"] is None or one["p"] is None:
        effect = "" if one["estimate"] is None else f"{effect_words(one)}; "
        return f"{title}: {effect}{one['note'] or 'there is no test'}."
    return f"{title}: {effect_words(one)}, {'; '.join(_tests(one))}.{_reach(one)}"


def effect_words(one: Facts) -> str:
    """“a − b is +4.1 pp (95 % interval …)”, or of one method “a is 61.0 % (…), against 50.0 %”."""
    show, unit = shown(one), UNITS.get(one["unit"], "")
    what = f"{one['a']} − {one['b']}" if one["b"] else one["a"]
    pair = one["interval95"]
    # A sequence is about people who are drawn anew, and photos that are not
    photos = ", of these photos" if one.get("on_these_photos") else ""
    ends = "" if pair is None else f" (95 % interval {interval(pair, show)}{photos})"
    if not one["b"] and one["model"] == "glmer_full":
        # Its estimate is the distance from chance, which is at 0 logits only where it is a half
        return f"{what} is {signed(one['estimate'])} logits above chance{ends}"
    against = "" if one["b"] else f", against {show(one['null'])}"
    return f"{what} is {show(one['estimate'])}{unit}{ends}{against}"


def margin_words(one: Facts) -> str:
    """The smallest effect of interest in the unit of the estimate."""
    show = points if one["unit"] == "correct" else signed
    return f"{show(one['margin']).removeprefix('+')}"


def shown(one: Facts) -> Show:
    """How the estimate is written: a share by itself has no sign."""
    if one["unit"] == "correct":
        return points if one["b"] else percent
    return signed if one["b"] else number


def _tests(one: Facts) -> list[str]:
    """The adjusted p values that the verdict rests on."""
    differs = f"adjusted p {_p(one['p_adjusted'])}"
    if one["margin"] is None:
        return [differs]
    size = margin_words(one)
    small = f"within ±{size} with an adjusted p {_p(one['p_equivalence_adjusted'])}"
    large = f"at least {size} with an adjusted p {_p(one['p_at_least_adjusted'])}"
    if one["direction"] == "equivalent":
        return [large] if one["verdict"] == OPPOSITE else [small]
    return {SUPPORTED: [differs], OPPOSITE: [differs], EQUIVALENT: [small]}.get(
        one["verdict"], [differs, small]
    )


def _reach(one: Facts) -> str:
    """Whether a supported effect reaches the smallest one of interest."""
    is_open = one["verdict"] == SUPPORTED and one["direction"] != "equivalent"
    if one["margin"] is None or not is_open:
        return ""
    p, size = one["p_at_least_adjusted"], margin_words(one)
    if p is not None and p < one["alpha"]:
        return f" It is at least the smallest effect of interest, {size} (adjusted p {_p(p)})."
    return f" Whether it reaches the smallest effect of interest, {size}, stays open."


def _p(value: float | None) -> str:
    """“= 0.021” or “< 0.001”; a dash where there is no test."""
    told = p_value(value)
    return told if told.startswith("<") else f"= {told}"
