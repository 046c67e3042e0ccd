"""What a trial's page shows. Nothing that it holds tells a network, a method or a side."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from studyapp.models import Participation, Stage, Trial
from studyapp.paradigms import PARADIGMS, Asked, Question
from studyapp.paradigms.base import PHOTO
from studyapp.paradigms.forms import MEASURES
from studyapp.participations.answering import planned
from studyapp.shelf.addresses import url_of_two
from studyapp.shelf.markdown import safe_fragment
from studyapp.shelf.static_version import static_version
from studyapp.studies.definition.study import Definition
from studyapp.studies.definition.translated import trial_in_language
from studyapp.studies.films import films_on
from studyapp.studies.texts import text_for
from studyapp.studies.trial_cache import (
    ShownContext,
    further_images,
    overlay_codes,
    overlay_words,
    photo_code,
    shown_context,
)
from studyapp.studies.words import Words

from .legends import has_room, is_beside, is_worded, legend_of
from .presentations import film_facts, presentation_of, script_facts

# The module that presents pictures as a block says
PRESENTATION = "studyapp/presentation.js"
# The module that plays films
FILMS = "studyapp/films.js"
# A picture's code → its address
Address = Callable[[str], str]


def trial_context(
    person: Participation, trial: Trial, definition: Definition, address: Address | None = None
) -> dict[str, Any]:
    """Everything for the page of `trial`; pictures by their opaque addresses.

    `address` gives a picture's address where it is not the person's own.
    """
    address = address or partial(picture_address, person)
    pictures = {place: address(code) for place, code in pictures_of(trial, definition).items()}
    return {
        **asked_context(
            trial, definition, pictures, texts_of(trial, definition), films_of(trial, definition)
        ),
        "person": person,
        "total": len(planned(person)),
        "shown_context": context_of(trial, definition),
        "further": [address(code) for code in further_of(trial, definition)],
        "fragment": _fragment(person, asked_on(trial, definition)),
    }


def asked_context(
    trial: Trial,
    definition: Definition,
    pictures: dict[str, str],
    texts: dict[str, Words],
    films: Collection[str],
) -> dict[str, Any]:
    """What the page of `trial` says and asks, whoever sees it; no row is looked for.

    pictures: their addresses by their places; texts: what stands there in words; films: the places
    at which the address is a film's.
    """
    asked = asked_on(trial, definition)
    trial, paradigm = asked.trial, PARADIGMS[trial.paradigm]
    questions = paradigm.asks(asked)
    return {
        "trial": trial,
        "number": trial.position + 1,
        "is_practice": trial.stage == Stage.PRACTICE,
        "is_check": trial.stage == Stage.CHECK,
        "is_learning": trial.stage == Stage.LEARNING,
        "questions": questions,
        "fields": any(one.kind == "slider" or one.only_if is not None for one in questions),
        "points": any(question.kind == "point" for question in questions),
        "wanted": _wanted(trial, questions),
        "advice": paradigm.advice(trial),
        "pictures": pictures,
        "texts": texts,
        "films": {pictures[place] for place in films},
        "sided": paradigm.places_tell,
        "worded": is_worded(trial, definition),
        "beside": is_beside(trial, definition),
        "legend": legend_of(trial, definition, pictures),
        "legend_room": bool(pictures) and has_room(trial, definition),
        "size": definition.display.size,
        "measures": MEASURES,
        "template": paradigm.template,
        **_presented(trial, definition, pictures, films),
        "asked": asked,
        "version": static_version(),
        # Of somebody who is at the trial
        "following": "",
        "following_films": "",
        "trace": "",
        "error": None,
        # Of a page on which nothing can be answered
        "still": False,
        "previewed": False,
    }


def _presented(
    trial: Trial, definition: Definition, pictures: dict[str, str], films: Collection[str]
) -> dict[str, Any]:
    """How the pictures are presented, where the block says so, and how films are."""
    own = PARADIGMS[trial.paradigm].presentation_file
    simply = {"presentation": own, "presenting": None, "presented": "", "filmed": False}
    if films:
        facts = film_facts({place: pictures[place] for place in films})
        return {**simply, "presentation": FILMS, "presented": facts, "filmed": True}
    shown = presentation_of(trial, definition, pictures)
    if shown is None:
        return simply
    facts = script_facts(trial, shown, pictures)
    return {**simply, "presentation": PRESENTATION, "presenting": shown, "presented": facts}


def asked_on(trial: Trial, definition: Definition) -> Asked:
    """The trial with how its block asks and how the study shows, in the definition's language."""
    trial = trial_in_language(trial, definition)
    return Asked(trial, definition.block(trial.block), definition.display)


def context_of(trial: Trial, definition: Definition) -> ShownContext | None:
    """What the page says of what the network is asked: the same under every condition."""
    if trial.stimulus is None or definition.images.cases is None:
        return None
    shown = shown_context(trial.stimulus.photo_id)
    if read := definition.names.get(shown.text):
        # A translation is not the very text that the network gets.
        shown = ShownContext(read, is_itself=False)
    return marked_for(trial, shown)


def marked_for(trial: Trial, shown: ShownContext) -> ShownContext:
    """Without the mark of what is explained, where the page asks for that."""
    return shown.unmarked if PARADIGMS[trial.paradigm].hides_class else shown


def pictures_of(trial: Trial, definition: Definition) -> dict[str, str]:
    """The codes of a trial's pictures by their place on the page, in the page's order."""
    if trial.stimulus is None or trial.condition is None:
        return {}
    found = overlay_codes(trial.stimulus_id, trial.condition_id)
    places = PARADIGMS[trial.paradigm].places(asked_on(trial, definition))
    if PHOTO in places.values():
        assert trial.condition.pair is not None
        network = trial.condition.pair.stronger_id
        found = {**found, PHOTO: photo_code(trial.image_id, network, definition.display.size)}
    return {place: found[role] for place, role in places.items() if role in found}


def texts_of(trial: Trial, definition: Definition) -> dict[str, Words]:
    """What stands on a trial's page in words, by its place."""
    if not is_worded(trial, definition) or trial.stimulus is None or trial.condition is None:
        return {}
    found = overlay_words(trial.stimulus_id, trial.condition_id)
    places = PARADIGMS[trial.paradigm].places(asked_on(trial, definition))
    return {place: found[role] for place, role in places.items() if role in found}


def films_of(trial: Trial, definition: Definition) -> list[str]:
    """The places at which a trial's page shows a film."""
    return list(films_on(asked_on(trial, definition)))


def further_of(trial: Trial, definition: Definition) -> list[str]:
    """The codes of the photos that the networks get beside the trial's own: the same under every
    condition of one pair, as its stronger network crops them."""
    if trial.stimulus is None or trial.condition is None or definition.images.cases is None:
        return []
    assert trial.condition.pair is not None
    network, size = trial.condition.pair.stronger_id, definition.display.size
    images = further_images(trial.stimulus.photo_id)
    return [photo_code(image, network, size) for image in images]


def _fragment(person: Participation, asked: Asked) -> str:
    """A block's own HTML, made harmless."""
    name = PARADIGMS[asked.block.paradigm].shown_text(asked.block)
    if name is None or asked.trial.stage == Stage.CHECK:
        return ""
    return safe_fragment(text_for(person, name).markdown)


def following_pictures(
    person: Participation, trials: Sequence[Trial], definition: Definition
) -> dict[str, str]:
    """The addresses of the pictures and of the films of `trials`, for the browser to fetch ahead:
    each has its own way to do so."""
    found: dict[str, list[str]] = {"following": [], "following_films": []}
    for trial in trials:
        films = films_of(trial, definition)
        for place, code in pictures_of(trial, definition).items():
            found["following_films" if place in films else "following"].append(code)
        found["following"] += further_of(trial, definition)
    return {
        name: " ".join(picture_address(person, code) for code in codes)
        for name, codes in found.items()
    }


def picture_address(person: Participation, code: str) -> str:
    return url_of_two("picture", person.code, code)


def _wanted(trial: Trial, questions: list[Question]) -> str:
    """The words of the answer that an attention check asks for."""
    if trial.expected is None:
        return ""
    return dict(questions[0].answers)[trial.expected]
