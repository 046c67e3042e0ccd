"""A new study from a file or from a form that writes the same file."""

from pathlib import Path
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse_lazy

from studyapp.exports.archives import ArchiveError
from studyapp.models import Study, new_code
from studyapp.studies.definition.file import (
    MOST_BYTES,
    TOO_LONG,
    DefinitionError,
    check_text,
    parse_definition,
    toml_of,
)
from studyapp.studies.definition.named_files import upload_rules
from studyapp.studies.definition.writing import SHORT_FIELDS, WritingError, with_value
from studyapp.studies.editing import Version
from studyapp.studies.loading import LoadingError, upload_study
from studyapp.studies.photos.readers import OtherFileError, ReaderError
from studyapp.studies.ready_files import FOLDER, made_studies, ready_files, text_of
from studyapp.studies.rights import may_add_studies
from studyapp.studies.uploads import UploadError, remove_workspace, workspace

from .desk.editor import complaints_as_json
from .desk.frame import maker, page_of, record
from .workspace import (
    STUDY_FILE,
    has_files,
    has_photos,
    keep_files,
    keep_photos,
    text_names,
    write_study,
)

SESSION = "upload"


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
        widget=forms.Textarea(attrs={
            "rows": 24, "spellcheck": "false", "data-check": reverse_lazy("admin:study_add_check"),
            "data-words": reverse_lazy("admin:study_words"),
        }),
    )  # fmt: skip
    photos = forms.FileField(
        required=False, label="Photos (zip)",
        help_text="Unpacked as the folder that images.folder names.",
    )  # fmt: skip
    others = forms.FileField(
        required=False, label="Other files (zip)",
        help_text="Unpacked beside the study file: tables, maps and pictures that it names.",
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
    is_ready = form.is_valid() and _keep_zips(request, form) and _fill_in(form)
    if is_ready and (study := _made(request, form)):
        return HttpResponseRedirect(page_of(study))
    return _shown(request, form)


def check_new(request: HttpRequest) -> HttpResponse:
    """What is wrong with the file that the editor holds."""
    if not may_add_studies(request.user):
        raise PermissionDenied
    toml = Version.of_new_form(request.POST).toml
    return complaints_as_json(check_text(toml, upload_rules)[1])


def _started(ready: str) -> StudyForm:
    """An empty form, or one with a ready study's file and texts."""
    if ready not in ready_files():
        return StudyForm(texts=dict.fromkeys(("consent", "instructions", "debrief"), ""))
    toml = text_of(ready)
    # Whatever is wrong with it on this site, such as a network that it doesn't allow, is told when
    # it is checked
    files = toml_of(toml, ready)["texts"]
    texts = {name: (FOLDER / file).read_text(encoding="utf-8") for name, file in files.items()}
    return StudyForm(initial={"toml": toml, "folder": "photos"}, texts=texts)


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


def _keep_zips(request: HttpRequest, form: StudyForm) -> bool:
    """Unpack photos and files at once, so that they are not lost when something else is wrong."""
    for name, keep in (("photos", keep_photos), ("others", keep_files)):
        if not form.cleaned_data[name]:
            continue
        try:
            keep(_folder(request), form.cleaned_data[name])
        except ArchiveError as error:
            form.add_error(name, f"{error}; zip the folder again, as a plain zip file")
    return not form.errors


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
    for name, key in SHORT_FIELDS.items():
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
    form.data = {**form.data, "toml": toml, **dict.fromkeys(SHORT_FIELDS, "")}
    form.cleaned_data["toml"] = toml
    return True


def _tell(form: StudyForm, error: Exception, folder: Path) -> None:
    """Each mistake beside the short field that it is about, else beside the file."""
    fields = {key: name for name, key in SHORT_FIELDS.items()}
    for about, sentence in getattr(error, "complaints", [((), str(error))]):
        form.add_error(fields.get(about, "toml"), sentence.replace(f"{folder}/", ""))


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
        _tell(form, error, _folder(request))
        return None
    except ReaderError as error:
        field = "others" if isinstance(error, OtherFileError) else "photos"
        form.add_error(field, list(error.complaints))
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
    started = request.GET.get("from", "")
    context = {
        **admin.site.each_context(request),
        "title": "New study",
        "form": form,
        "ready": ready_files(),
        "is_made": started in {one.name for one in made_studies()},
        "started": started,
        "kept": bool(token) and has_photos(workspace(token)),
        "kept_files": bool(token) and has_files(workspace(token)),
        "opts": Study._meta,
    }
    return TemplateResponse(request, "admin/desk/upload.html", context)
