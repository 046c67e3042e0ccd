"""A page of a study file as it stands, at three sizes of window: nothing is stored, nothing counts.

What workers have made already is shown; a drawing stands for what they have not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from studyapp.models import (
    Crop,
    Kind,
    Participation,
    Stimulus,
    StimulusOverlay,
    Study,
    Trial,
    WorkState,
)
from studyapp.models.codes import new_code
from studyapp.paradigms import PARADIGMS, WITHOUT_MAP
from studyapp.paradigms.base import PHOTO, member_role
from studyapp.sections.meetings import members
from studyapp.shelf.languages import speaking, unchecked
from studyapp.shelf.markdown import safe_fragment
from studyapp.shelf.templates import PAGES
from studyapp.studies.definition.file import Told, check_text
from studyapp.studies.definition.named_files import upload_rules
from studyapp.studies.definition.study import Definition, study_definition
from studyapp.studies.definition.translated import in_language
from studyapp.studies.definition.writing import SHORT_FIELDS
from studyapp.studies.design.draw import DesignError
from studyapp.studies.design.imagined import ImaginedPhoto, imagined_pages
from studyapp.studies.editing import Version, check_version
from studyapp.studies.rights import Act, acts, may_add_studies, visible_studies
from studyapp.studies.trial_cache import ShownContext
from studyapp.studies.words import Words, direction_of, words_by_role

from .pages import FRAME, wants_json
from .trials import asked_context, asked_on, marked_for

# More photos give no other page
MOST_PHOTOS = 50
# Of stimuli, and of trials of a person: what is drawn within a second or two
MOST_DRAWN = 5000


@dataclass(frozen=True)
class Shown:
    """One page, or why there is none (`sentence`)."""

    html: str = ""
    number: int = 0
    total: int = 0
    arm: str = ""
    arms: tuple[str, ...] = ()
    language: str = ""
    languages: tuple[str, ...] = ()
    # What is to be known of the pages' words in that language
    note: str = ""
    sentence: str = ""


@require_POST
def preview_file(request: HttpRequest, key: int) -> HttpResponse:
    """A page of a study's file as the form holds it."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.path, reverse("admin:login"))
    study = get_object_or_404(visible_studies(request.user), pk=key)
    if Act.EDIT not in acts(request.user, study):
        raise PermissionDenied
    version = Version.of_form(request.POST)
    definition, told = check_version(study, version)
    return _answer(request, definition, told, version, study)


@require_POST
def preview_new(request: HttpRequest) -> HttpResponse:
    """A page of a file that is no study yet."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.path, reverse("admin:login"))
    if not may_add_studies(request.user):
        raise PermissionDenied
    version = Version.of_new_form(request.POST)
    return _answer(request, *check_text(version.toml, upload_rules), version, None)


def _answer(
    request: HttpRequest,
    definition: Definition | None,
    told: list[Told],
    version: Version,
    study: Study | None,
) -> HttpResponse:
    """As JSON for the editor; for a form that was sent, a page with the three windows."""
    shown = Shown(sentence=_first(told))
    if definition is not None:
        try:
            shown = _page(request.POST, definition, version, study)
        except DesignError as error:
            shown = Shown(sentence=str(error))
    if wants_json(request):
        return JsonResponse(shown.__dict__)
    kept = [(name, words) for name, words in request.POST.items()
            if name == "toml" or name in SHORT_FIELDS or name.startswith("text-")]  # fmt: skip
    context = {**FRAME, "shown": shown, "kept": kept, "here": request.path}
    return render(request, "participants/preview_frames.html", context, using=PAGES)


def _first(told: list[Told]) -> str:
    """What is wrong first; a mistake of the whole file has no line."""
    for line, sentence in told:
        return f"line {line}: {sentence}" if line else sentence
    return ""


def _refuse_large(definition: Definition) -> None:
    """Pages are drawn anew with every word that is written."""
    trials = sum(block.trials for block in definition.blocks)
    for count, what in ((definition.design.stimuli, "stimuli"), (trials, "trials of a person")):
        if count > MOST_DRAWN:
            raise DesignError(
                f"a page of a study of more than {MOST_DRAWN:,} {what} is not previewed; write "
                "fewer while you look at its pages"
            )


def _page(
    asked: Mapping[str, str], definition: Definition, version: Version, study: Study | None
) -> Shown:
    arms = tuple(definition.arm_conditions())
    arm = asked.get("arm", "") if asked.get("arm", "") in arms else arms[0]
    _refuse_large(definition)
    languages = tuple(definition.languages)
    language = asked.get("language", "")
    definition = in_language(definition, language)
    made = Made(study, definition)
    with speaking(definition.language):
        pages = imagined_pages(definition, arm, made.photos(), made.stimuli())
        number = min(max(_number(asked.get("page", "")), 1), len(pages))
        trial = pages[number - 1]
        context = {
            **FRAME,
            **asked_context(
                trial, definition, made.pictures(trial), made.texts(trial), made.films(trial)
            ),
            "person": Participation(code=new_code()),
            "total": len(pages),
            "shown_context": _context(trial, definition),
            "further": made.further(trial),
            "fragment": _fragment(trial, definition, version),
            "definition": definition,
            "study": Study(title=definition.title),
            "title_of_study": definition.title,
            "previewed": True,
        }
        html = render_to_string("participants/preview.html", context, using=PAGES)
    note = " ".join(unchecked([definition.language]))
    return Shown(html, number, len(pages), arm, arms, definition.language, languages, note)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _context(trial: Trial, definition: Definition) -> ShownContext | None:
    if trial.stimulus is None or definition.images.cases is None:
        return None
    shown = ShownContext(trial.stimulus.photo.shown or "A question?", is_itself=False)
    return marked_for(trial, shown)


def _fragment(trial: Trial, definition: Definition, version: Version) -> str:
    name = PARADIGMS[trial.paradigm].shown_text(definition.block(trial.block))
    return "" if name is None else safe_fragment(version.texts.get(definition.text_name(name), ""))


class Made:
    """What has been made for a study and still is what `definition` would show."""

    def __init__(self, study: Study | None, definition: Definition) -> None:
        old = study_definition(study) if study is not None else None
        self.study, self.definition = study, definition
        # The conditions whose pictures are still those that people would see
        self.unchanged: set[str] = set()
        if old is not None and old.display == definition.display:
            self.unchanged = {
                one.name
                for one in old.conditions
                if one in definition.conditions
                and _networks(old, one) == _networks(definition, one)
            }

    def photos(self) -> list[ImaginedPhoto]:
        rows = self.study.images.order_by("pk")[:MOST_PHOTOS] if self.study is not None else ()
        return [
            ImaginedPhoto(row.name, tuple(one["name"] for one in row.categories), row.shown)
            for row in rows
        ]

    def stimuli(self) -> dict[tuple[str, str], list[Stimulus]]:
        found: dict[tuple[str, str], list[Stimulus]] = {}
        if self.study is None:
            return found
        rows = self.study.stimuli.shown().select_related("photo__case__image")
        for row in rows.order_by("position")[: 4 * MOST_PHOTOS]:
            found.setdefault((row.paradigm, row.role), []).append(row)
        return found

    def pictures(self, trial: Trial) -> dict[str, str]:
        """The addresses of a page's pictures by their places, or of drawings."""
        if trial.stimulus is None or trial.condition is None:
            return {}
        shows_map = trial.condition.method not in WITHOUT_MAP
        made = self._made(trial.stimulus, trial.condition.name)
        places = PARADIGMS[trial.paradigm].places(asked_on(trial, self.definition))
        return {
            place: made.get(role) or _drawing(role)
            for place, role in places.items()
            if role == PHOTO or (shows_map and self._kind(trial, role) != Kind.TEXT)
        }

    def texts(self, trial: Trial) -> dict[str, Words]:
        """What stands on a page in words, by its place, or a text that stands for them."""
        stimulus, condition = trial.stimulus, trial.condition
        if stimulus is None or condition is None or condition.method in WITHOUT_MAP:
            return {}
        made: dict[str, Words] = {}
        if self.study is not None and stimulus.pk and condition.name in self.unchanged:
            row = self.study.conditions.get(name=condition.name)
            made = words_by_role(stimulus.pk, row.pk)
        language = self.definition.language
        drawn = Words(_("a text"), language, direction_of(language))
        places = PARADIGMS[trial.paradigm].places(asked_on(trial, self.definition))
        return {
            place: made.get(role, drawn)
            for place, role in places.items()
            if role != PHOTO and self._kind(trial, role) == Kind.TEXT
        }

    def films(self, trial: Trial) -> list[str]:
        """The places of a page at which a film stands that has been made."""
        if trial.stimulus is None or trial.condition is None:
            return []
        made = self._made(trial.stimulus, trial.condition.name)
        places = PARADIGMS[trial.paradigm].places(asked_on(trial, self.definition))
        return [
            place
            for place, role in places.items()
            if role != PHOTO and role in made and self._kind(trial, role) == Kind.FILM
        ]

    def _kind(self, trial: Trial, role: str) -> str:
        """What the explanation with that role on the page of `trial` is."""
        assert trial.condition is not None
        met = members(trial.condition.name)
        names = [name for place, name in enumerate(met) if member_role(place) == role] or met[:1]
        return self.definition.condition(names[0]).shown_kind

    def further(self, trial: Trial) -> list[str]:
        stimulus = trial.stimulus
        if stimulus is None or stimulus.pk is None or self.definition.images.cases is None:
            return []
        return [_drawing(PHOTO) for _ in stimulus.photo.case.further]

    def _made(self, stimulus: Stimulus, condition: str) -> dict[str, str]:
        """The addresses of ready pictures by their roles; none for an imagined stimulus."""
        if self.study is None or stimulus.pk is None or condition not in self.unchanged:
            return {}
        pair = self.study.conditions.select_related("pair").get(name=condition).pair
        assert pair is not None
        uses = StimulusOverlay.objects.filter(
            stimulus=stimulus, condition__name=condition, overlay__state=WorkState.READY
        ).exclude(overlay__explanation__kind=Kind.TEXT)
        crops = Crop.objects.ready().filter(
            image=stimulus.photo.case.image_id,
            network=pair.stronger_id,
            size=self.definition.display.size,
        )
        found = dict(uses.values_list("role", "overlay__code"))
        if (crop := crops.first()) is not None:
            found[PHOTO] = crop.code
        return {role: reverse("desk_picture", args=[code]) for role, code in found.items()}


def _networks(definition: Definition, condition: Any) -> list[Any]:
    pair = definition.pairs[definition.pair_of(condition)]
    return [definition.networks[name] for name in (pair.stronger, pair.weaker) if name is not None]


def _drawing(role: str) -> str:
    return static(f"studyapp/example-{'photo' if role == PHOTO else 'map'}.svg")
