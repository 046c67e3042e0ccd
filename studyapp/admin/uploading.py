"""A new study from a file or from a form that writes the same file."""

from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from studyapp.exports.archives import ArchiveError
from studyapp.models import Study, new_code
from studyapp.studies.definition.file import (
    MOST_BYTES,
    TOO_LONG,
    DefinitionError,
    parse_definition,
    toml_of,
)
from studyapp.studies.definition.toml_lines import Path as KeyPath
from studyapp.studies.definition.writing import WritingError, with_value
from studyapp.studies.loading import LoadingError, upload_study
from studyapp.studies.photos.readers import ReaderError
from studyapp.studies.rights import may_add_studies
from studyapp.studies.uploads import UploadError, remove_workspace, workspace

from .desk.frame import maker, page_of, record
from .workspace import STUDY_FILE, has_photos, keep_photos, text_names, write_study

READY = settings.ROOT / "fixtures" / "studies"
SESSION = "upload"
# Field of the form → the key of the study file that it writes
KEYS: dict[str, KeyPath] = {
    "slug": ("slug",),
    "title": ("title",),
    "folder": ("images", "folder"),
    "people": ("design", "people"),
    "stimuli": ("design", "stimuli"),
    "seed": ("design", "seed"),
}


class StudyForm(forms.Form):
    """Everything of a study; the fields above the file write into it where they are filled in."""

    slug = forms.CharField(
        required=False, label="Short name", help_text="Part of the study's address."
    )
    title = forms.CharField(required=False, label="Title", help_text="Participants see it.")
    people = forms.IntegerField(required=False, min_value=1, label="People")
    stimuli = forms.IntegerField(required=False, min_value=1, label="Stimuli")
    seed = forms.IntegerField(required=False, min_value=0, label="Seed")
    folder = forms.CharField(
        required=False, label="Folder of photos", help_text="For example “photos”."
    )
    toml_file = forms.FileField(required=False, label="Study file (TOML)",
                                help_text="Replaces the text below.")  # fmt: skip
    toml = forms.CharField(
        required=False, label="The study file", strip=False,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false"}),
    )  # fmt: skip
    photos = forms.FileField(
        required=False, label="Photos (zip)",
        help_text="Unpacked as the folder that images.folder names.",
    )  # fmt: skip

    def __init__(self, *args: Any, texts: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, words in texts.items():
            self.fields[f"text-{name}"] = forms.CharField(
                required=False, label=f"Text: {name}", initial=words, strip=False,
                help_text="Markdown.", widget=forms.Textarea(attrs={"rows": 8}),
            )  # fmt: skip

    @property
    def texts(self) -> dict[str, str]:
        """The texts that were written, by their names."""
        named = {key: value for key, value in self.cleaned_data.items() if key[:5] == "text-"}
        return {key.removeprefix("text-"): value for key, value in named.items() if value}


def add_study(request: HttpRequest) -> HttpResponse:
    """The form (GET, perhaps started from a ready file), or what came of it (POST)."""
    if not may_add_studies(request.user):
        raise PermissionDenied
    if request.method != "POST":
        return _shown(request, _started(request.GET.get("from", "")))
    form = _sent(request)
    is_ready = form.is_valid() and _keep_photos(request, form) and _fill_in(form)
    if is_ready and (study := _made(request, form)):
        return HttpResponseRedirect(page_of(study))
    return _shown(request, form)


def _started(ready: str) -> StudyForm:
    """An empty form, or one with a ready study's file and texts."""
    path = READY / f"{ready}.toml"
    if ready not in ready_files():
        return StudyForm(texts=dict.fromkeys(("consent", "instructions", "debrief"), ""))
    toml = path.read_text(encoding="utf-8")
    files = parse_definition(toml, ready).texts
    texts = {name: (READY / file).read_text(encoding="utf-8") for name, file in files.items()}
    return StudyForm(initial={"toml": toml, "folder": "photos"}, texts=texts)


def ready_files() -> list[str]:
    return sorted(path.stem for path in Path(READY).glob("*.toml"))


def _sent(request: HttpRequest) -> StudyForm:
    """The form as it was sent, with every text that was written, whatever the file says of it."""
    toml = str(request.POST.get("toml", "")).replace("\r\n", "\n")
    problem = ""
    if uploaded := request.FILES.get("toml_file"):
        content = uploaded.read(MOST_BYTES + 1)
        try:
            toml = content.decode("utf-8") if len(content) <= MOST_BYTES else toml
            problem = "" if len(content) <= MOST_BYTES else TOO_LONG
        except UnicodeDecodeError:
            problem = "the file is not UTF-8 text; save it as UTF-8, then choose it again"
    written = [key[5:] for key, words in request.POST.items() if key[:5] == "text-" and words]
    names = [*text_names(toml), *written]
    form = StudyForm({**request.POST.dict(), "toml": toml}, request.FILES,
                     texts=dict.fromkeys(names, ""))  # fmt: skip
    if problem:
        form.add_error("toml_file", problem)
    return form


def _keep_photos(request: HttpRequest, form: StudyForm) -> bool:
    """Unpack the photos at once, so that they are not lost when something else is wrong."""
    if not form.cleaned_data["photos"]:
        return True
    try:
        keep_photos(_folder(request), form.cleaned_data["photos"])
    except ArchiveError as error:
        form.add_error("photos", f"{error}; zip the folder again, as a plain zip file")
        return False
    return True


def _folder(request: HttpRequest) -> Path:
    return workspace(request.session.setdefault(SESSION, new_code()))


def _fill_in(form: StudyForm) -> bool:
    """Write the short fields into the file; an error appears beside its field."""
    toml = form.cleaned_data["toml"]
    try:
        toml_of(toml, STUDY_FILE)
    except DefinitionError as error:
        form.add_error("toml", str(error))
        return False
    for name, key in KEYS.items():
        value = form.cleaned_data[name]
        if value in (None, ""):
            continue
        try:
            toml = with_value(toml, key, value)
        except WritingError as error:
            form.add_error(name, str(error))
    if form.errors:
        return False
    # From now on the values are part of the file, and are shown there.
    form.data = {**form.data, "toml": toml, **dict.fromkeys(KEYS, "")}
    form.cleaned_data["toml"] = toml
    return True


def _made(request: HttpRequest, form: StudyForm) -> Study | None:
    """The study, or None with the error beside its field."""
    toml = form.cleaned_data["toml"]
    try:
        definition = parse_definition(toml, STUDY_FILE, is_upload=True)
        path = write_study(_folder(request), toml, definition, form.texts)
        if request.POST.get("do") != "make":
            messages.success(request, "The study file is well formed.")
            return None
        study = upload_study(path, maker(request))
    except (DefinitionError, LoadingError, UploadError) as error:
        # Beside the short field that it is about, else beside the file
        about: Any = getattr(error, "path", ())
        field = next((name for name, key in KEYS.items() if key == about), "toml")
        form.add_error(field, str(error).replace(f"{_folder(request)}/", ""))
        return None
    except ReaderError as error:
        form.add_error("photos", list(error.complaints))
        return None
    remove_workspace(request.session.pop(SESSION))
    photos = study.images.count()
    record(request, study, f"created from an uploaded file, with {photos} photos")
    made = f"Study {study.slug} was created with {photos} {'photo' if photos == 1 else 'photos'}"
    messages.success(request, f"{made}. Next: prepare it.")
    if told := study.selection.get("photos"):
        messages.warning(request, f"Photos: {told}.")
    return study


def _shown(request: HttpRequest, form: StudyForm) -> HttpResponse:
    token = str(request.session.get(SESSION, ""))
    context = {
        **admin.site.each_context(request),
        "title": "New study",
        "form": form,
        "ready": ready_files(),
        "kept": bool(token) and has_photos(workspace(token)),
        "opts": Study._meta,
    }
    return TemplateResponse(request, "admin/desk/upload.html", context)
