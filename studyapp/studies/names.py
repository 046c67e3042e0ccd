"""The names of classes and the contexts on a study's pages, and those that a language lacks."""

from studyapp.models import Study
from studyapp.studies.definition.study import study_definition


def shown_names(study: Study) -> list[str]:
    """Each name once: of the class that is asked about, of the options, and what stands above."""
    found: dict[str, None] = {}
    rows = study.stimuli.shown().order_by("position").select_related("photo__case")
    for stimulus in rows:
        # Options that are no names are numbers of explanations.
        named = (str(one) for one in stimulus.options)
        options = (one for one in named if not one.isdecimal())
        for name in (stimulus.category, *options, stimulus.photo.shown):
            if name:
                found.setdefault(name)
    return list(found)


def missing_names(study: Study, language: str) -> list[str]:
    """Those that have no translation in a study's further language."""
    known = study_definition(study).translations[language].names
    return [name for name in shown_names(study) if not known.get(name, "").strip()]
