"""What a page's script is told of how to present the pictures: times, places, words, no roles."""

import json
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from studyapp.models import Kind, Trial
from studyapp.paradigms.presented import mask_seed
from studyapp.sections.presentation import PresentationSection
from studyapp.studies.definition.study import Definition

FILMS_NEED_SCRIPT = gettext_lazy(
    "This study shows films. For this it needs JavaScript, which is turned off in your browser. "
    "Please turn it on and reload the page, or open the link in another browser."
)
TIMES_NEED_SCRIPT = gettext_lazy(
    "This study shows pictures for a set time or on request. For this it needs JavaScript, which "
    "is turned off in your browser. Please turn it on and reload the page, or open the link in "
    "another browser."
)


def presentation_of(
    trial: Trial, definition: Definition, pictures: dict[str, str]
) -> PresentationSection | None:
    """How the page of `trial` presents its pictures; None where they just stand there."""
    shown = definition.block(trial.block).presentation
    return shown if pictures else None


def script_facts(trial: Trial, shown: PresentationSection, pictures: dict[str, str]) -> str:
    """What the page's script reads, as JSON. pictures: their addresses by place."""
    facts: dict[str, Any] = {
        **shown.model_dump(mode="json"),
        # In pairs: where a network is compared with itself, two places have one picture
        "places": list(pictures.items()),
        "seed": mask_seed(trial),
        "words": {
            "show": _("Show"),
            "cover": _("Cover again"),
            "shown": _("The picture is shown."),
            "covered": _("The picture is covered."),
            "enlarge": _("Enlarge"),
            "smaller": _("Smaller"),
            "larger": _("Larger"),
            "close": _("Close"),
        },
    }
    return json.dumps(facts)


def film_facts(films: dict[str, str]) -> str:
    """What the script that plays a page's films reads, as JSON. films: their addresses by place."""
    words = {
        "play": _("Play"),
        "pause": _("Pause"),
        "again": _("Play again"),
        "over": _("You can answer now."),
        "failed": _("A film could not be played. You can still answer."),
    }
    return json.dumps({"films": list(films.items()), "words": words})


def script_notice(definition: Definition) -> object | None:
    """Why the study needs script; None where no page would be another trial without it."""
    if any(one.shown_kind == Kind.FILM for one in definition.conditions):
        return FILMS_NEED_SCRIPT
    presented = (one.presentation for one in definition.blocks)
    return TIMES_NEED_SCRIPT if any(one and one.needs_script for one in presented) else None
