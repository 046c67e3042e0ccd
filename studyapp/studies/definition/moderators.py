"""What can be a moderator of a study, and what is wrong with those that its file names."""

from collections.abc import Iterator
from itertools import combinations

from studyapp.paradigms import PARADIGMS, Question
from studyapp.sections.moderators import Kind, ModeratorSection
from studyapp.shelf.likely_names import unknown

from .analysed_names import scored_paradigms
from .asking import questions_of
from .catalogue import catalogue
from .rules import Complaint, Rule, rule
from .strata import stratifying
from .study import Definition

METRIC = "metric."
OF_PERSON = ("arm", "device_class", "language")
OF_PHOTO, OF_TRIAL = ("class", "network"), ("order", "side")
READS = "arms conditions.*.name blocks panel translations screening"
# What is a number unless the file asks for its levels
NUMBERS = ("order",)


def moderator_rules(definition: Definition) -> Iterator[Rule]:
    """Every moderator by itself, then all together."""
    for place, one in enumerate(definition.analysis.moderators):
        yield rule(_complaints(definition, place, one), READS)
    yield rule(_twice(definition), "analysis.moderators")


def moderator_paradigms(definition: Definition, one: ModeratorSection) -> list[str]:
    """The kinds of questions for which it is analysed, in the order of asking."""
    asked = scored_paradigms(definition)
    names = asked if one.paradigm is None else [one.paradigm]
    return [name for name in names if name in asked and _is_told(one, name)]


def _is_told(one: ModeratorSection, paradigm: str) -> bool:
    """Whether answers to this kind of question have it at all."""
    declared = PARADIGMS[paradigm]
    if one.field == "side":
        return declared.outcome == "score"
    if one.field == "network":
        return declared.network_right is not None
    return one.of == "person" or declared.candidates is not None


def moderator_kind(definition: Definition, one: ModeratorSection) -> Kind:
    """Levels or a number, as the file says or as its field is."""
    if one.kind is not None:
        return one.kind
    question = moderating_question(definition, one)
    if question is not None:
        return "number" if question.is_scale or not question.answers else "levels"
    return "number" if one.field in NUMBERS or one.field.startswith(METRIC) else "levels"


def moderating_question(definition: Definition, one: ModeratorSection) -> Question | None:
    """The question whose answer is the moderator; None for what nobody is asked."""
    if one.of != "person" or one.field in [*OF_PERSON, *_strata(definition)]:
        return None
    name, field = one.asked
    block = definition.block(name)
    return next(
        ask.question for ask in questions_of(definition, block) if ask.question.name == field
    )


def _strata(definition: Definition) -> list[str]:
    """The screening questions whose answers make strata, by their names."""
    return [str(one.name) for one in stratifying(definition)]


def _complaints(definition: Definition, place: int, one: ModeratorSection) -> Iterator[Complaint]:
    path, key = ("analysis", "moderators", place), f"`analysis.moderators` {place + 1}"
    scored = scored_paradigms(definition)
    if not scored:
        yield path, f"{key}: no block has a score that could depend on it; remove it"
        return
    if one.paradigm is not None and one.paradigm not in scored:
        name = f"analysis.moderators.{place}.paradigm"
        yield (*path, "paradigm"), unknown(name, one.paradigm, scored)
        return
    found = list({"person": _person, "photo": _photo, "trial": _trial}[one.of](definition, one))
    yield from (((*path, "field"), f"{key}: {sentence}") for sentence in found)
    if found:
        return
    if not moderator_paradigms(definition, one):
        yield (*path, "field"), f"{key}: {_untold(one, one.paradigm or scored[0])}"
    elif why := _wrong_kind(definition, one):
        yield (*path, "kind"), f"{key}: {why}"


def _person(definition: Definition, one: ModeratorSection) -> Iterator[str]:
    if one.field == "language":
        if not definition.translations:
            yield (
                "the study is in one language only, so it can't vary; add another to translations, "
                "or ask people for theirs in a custom block, and name it as BLOCK.FIELD"
            )
    elif one.field == "arm":
        shown = [set(names) for names in definition.arm_conditions().values()]
        if not any(len(first & second) > 1 for first, second in combinations(shown, 2)):
            yield (
                "no two conditions are shown in two arms, so no difference between conditions can "
                "depend on the arm; let arms share conditions, or remove it"
            )
    elif one.field == "device_class":
        if len(definition.panel.devices) < 2:
            yield (
                f"`panel.devices` allows only {definition.panel.devices[0]}, so it can't vary; "
                "allow a second one, or remove it"
            )
    elif one.field not in _strata(definition):
        yield from _answer(definition, one)


def _answer(definition: Definition, one: ModeratorSection) -> Iterator[str]:
    name, field = one.asked
    about_people = {
        block.name: block
        for block in definition.blocks
        if block.is_main and not PARADIGMS[block.paradigm].asks_about_photos(block)
    }
    if name not in about_people and any(block.name == name for block in definition.blocks):
        yield (
            f"{name} asks about photos, so a person has many answers to it; name a question of a "
            "block that asks about none"
        )
    elif name not in about_people:
        known = [*OF_PERSON, *_strata(definition), *(f"{block}.FIELD" for block in about_people)]
        yield unknown("field", one.field, known)
    else:
        questions = {
            ask.question.name: ask.question for ask in questions_of(definition, about_people[name])
        }
        if field not in questions:
            yield unknown("field", one.field, [f"{name}.{each}" for each in questions])
        elif questions[field].kind in ("text", "several", "point", "region"):
            yield (
                f"{one.field} has neither levels nor numbers; name a choice, a scale, a slider or "
                "a number"
            )
        elif about_people[name].trials > 1:
            yield f"{name} is asked {about_people[name].trials} times; ask it once"


def _photo(definition: Definition, one: ModeratorSection) -> Iterator[str]:
    metrics = [f"{METRIC}{name}" for name in catalogue()["metrics"]]
    if one.field not in (*OF_PHOTO, *metrics):
        yield unknown("field", one.field, [*OF_PHOTO, *metrics])


def _trial(definition: Definition, one: ModeratorSection) -> Iterator[str]:
    if one.field not in OF_TRIAL:
        yield unknown("field", one.field, OF_TRIAL)


def _untold(one: ModeratorSection, paradigm: str) -> str:
    if one.field == "side":
        return f"{paradigm} does not show two networks side by side; remove it"
    if one.field == "network":
        return (
            f"{paradigm} does not tell whether the network was right about a photo; name another "
            "field"
        )
    return f"{paradigm} is asked about no photo; name a field of a person"


def _wrong_kind(definition: Definition, one: ModeratorSection) -> str:
    """Why it can't be analysed as the file asks; empty where it can."""
    question = moderating_question(definition, one)
    is_number = one.field in NUMBERS or one.field.startswith(METRIC)
    has_steps = question is not None and (question.is_scale or not question.answers)
    if one.kind == "number" and not is_number and not has_steps:
        return f"{one.field} has levels and no numbers; remove kind"
    has_list = question is not None and bool(question.answers)
    if one.kind == "levels" and (is_number or (question is not None and not has_list)):
        return f"{one.field} is a number without levels; remove kind"
    return ""


def _twice(definition: Definition) -> Iterator[Complaint]:
    seen: dict[tuple[str, tuple[str, str]], int] = {}
    for place, one in enumerate(definition.analysis.moderators):
        for paradigm in [one.paradigm] if one.paradigm else scored_paradigms(definition):
            first = seen.setdefault((paradigm, one.key), place)
            if first != place:
                yield (
                    ("analysis", "moderators", place, "field"),
                    f"`analysis.moderators` {place + 1} has {one.field} of a {one.of} in "
                    f"{paradigm}, as {first + 1} has; remove one of them",
                )
                break
