"""The films of a trial's page."""

from studyapp.models import Stage
from studyapp.paradigms import PARADIGMS, Asked
from studyapp.paradigms.filmed import ShownFilm

from .trial_cache import overlay_films


def films_on(asked: Asked) -> dict[str, ShownFilm]:
    """The films of a page by their place, in the page's order."""
    trial = asked.trial
    if trial.stimulus_id is None or trial.condition_id is None or trial.stage == Stage.CHECK:
        return {}
    found = overlay_films(trial.stimulus_id, trial.condition_id)
    places = PARADIGMS[trial.paradigm].places(asked)
    return {place: ShownFilm(role, found[role]) for place, role in places.items() if role in found}
