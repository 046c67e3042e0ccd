"""A draft's study file at the desk: checked by line, saved in place, and never over another's."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User

from sandbox.builders import make_study, take_part
from sandbox.people import send_people
from studyapp.models import Role, StimulusRole, Study, StudyKind, StudyState
from studyapp.participations.entering import enter
from studyapp.studies.copies import marked_copy
from studyapp.studies.definition.file import check_text
from studyapp.studies.definition.study import study_definition
from studyapp.studies.editing import stored_version
from studyapp.studies.lifecycle import open_study
from studyapp.studies.loading import load_study
from tests.admin.desk import administrator, make_user, page_of, signed_in
from tests.admin.test_upload import ADDRESS, TEXTS, TOML, sent
from tests.elsewhere import TEXTS as TEXTS_OF_PHOTOS
from tests.elsewhere import WORDS, write_imported

pytestmark = pytest.mark.django_db
TEXT_NAMES = ("consent", "instructions", "debrief")


@pytest.fixture
def draft() -> Study:
    """Uploaded by somebody who has left since."""
    user = User.objects.create_superuser("maker")
    signed_in(user).post(ADDRESS, sent())
    study = Study.objects.get()
    study.members.all().delete()
    LogEntry.objects.all().delete()
    return study


def edited(study: Study, toml: str = TOML, **changed: str) -> dict[str, str]:
    """What the page sends to save `toml`, begun from the version that is stored."""
    return {"toml": toml, **TEXTS, "before": stored_version(study).digest(), "do": "save",
            **changed}  # fmt: skip


def address(study: Study) -> str:
    return page_of(study, "study_file")


def told(page: object) -> list[tuple[int, str]]:
    return [(one.line, one.sentence) for one in page.context["complaints"]]


def test_a_changed_file_is_saved_in_place_and_photos_members_and_log_stay(draft: Study) -> None:
    photos = list(draft.images.values_list("pk", "name"))
    user = make_user("ada", draft, Role.RESEARCHER)
    toml = TOML.replace('title = "Mine"', 'title = "Better"').replace('"grad_cam"', '"xgrad_cam"')
    reply = signed_in(user).post(address(draft), edited(draft, toml, **{"text-debrief": "# Bye"}))
    assert reply.status_code == 302
    study = Study.objects.get()
    assert (study.pk, study.title, study.state) == (draft.pk, "Better", StudyState.DRAFT)
    assert study.definition_toml == toml
    assert study.conditions.get().method == "xgrad_cam"
    assert study.texts.get(name="debrief").markdown == "# Bye"
    assert list(study.images.values_list("pk", "name")) == photos
    assert study.members.get().user == user
    assert "definition" in LogEntry.objects.get(user=user).change_message


def test_comments_and_texts_leave_what_is_prepared(draft: Study) -> None:
    Study.objects.update(state=StudyState.PREPARING)
    condition = draft.conditions.get().pk
    administrator().post(address(draft), edited(draft, "# a comment\n" + TOML))
    study = Study.objects.get()
    assert study.definition_toml.startswith("# a comment")
    assert (study.state, study.conditions.get().pk) == (StudyState.PREPARING, condition)


def test_every_mistake_is_listed_with_its_line_and_nothing_is_lost(draft: Study) -> None:
    wrong = TOML.replace("people = 2", "poeple = 2").replace('"grad_cam"', '"grad_kam"')
    wrong = wrong.replace('"pilot"', '"pilots"')
    client = administrator()
    page = client.post(address(draft), edited(draft, wrong, **{"text-consent": "# New"}))
    assert page.status_code == 400
    lines = wrong.split("\n")
    found = dict(told(page))
    assert 'did you mean "people"' in found[lines.index("poeple = 2") + 1]
    assert "'pilots' is unknown" in found[lines.index('kind = "pilots"') + 1]
    assert len(found) == 2  # the method is told once nothing is missing
    assert "# New" in page.content.decode()
    assert Study.objects.get().definition_toml == TOML
    page = client.post(address(draft), edited(draft, TOML.replace('"grad_cam"', '"grad_kam"')))
    assert "grad_kam" in told(page)[0][1]


def test_what_is_no_toml_is_told_at_its_line() -> None:
    definition, found = check_text(TOML.replace("seed = 1\n", "seed = yes\n"))
    assert definition is None
    assert found[0].line == TOML.split("\n").index("seed = 1") + 1
    assert "write true or false" in found[0].sentence


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('slug = "mine"', 'slug = "yours"', 'stays "mine"'),
        ('folder = "photos"', 'folder = "others"', "how the photos were read, and they stay"),
        ("stimuli = 2", 'stimuli = 2\n[display]\nsurround = "dark"', 'it stays "light"'),
        ('weights = "random"\n\n[n', 'weights = "mine.pth"\n\n[n', "no such file beside"),
        ('weights = "random"\n\n[n', 'weights = "/etc/hostname"\n\n[n', "outside the upload"),
        # The same whether the server has such a file or not
        ('weights = "random"\n\n[n', 'weights = "/etc/nothing"\n\n[n', "outside the upload"),
        ('debrief = "texts/debrief.md"', 'debrief = "/proc/self/mem"', "outside the upload"),
        ('debrief = "texts/debrief.md"', 'debrief = "/etc/nothing"', "outside the upload"),
        ('debrief = "texts/debrief.md"', 'debrief = "d.md"\nmore = "m.md"', "has no words yet"),
    ],
)
def test_what_the_desk_cannot_change_is_refused_at_its_line(
    draft: Study, old: str, new: str, sentence: str
) -> None:
    page = administrator().post(address(draft), edited(draft, TOML.replace(old, new, 1)))
    (found,) = told(page)
    assert sentence in found[1]
    assert found[0] > 0
    assert Study.objects.get().definition_toml == TOML


def test_a_network_of_the_command_line_stays_beside_one_that_is_refused(draft: Study) -> None:
    """The whole path of the first, which doesn't change, hides nothing of the second."""
    first = '[networks.sharp]\nbuilder = "alexnet"\nweights = '
    loaded = TOML.replace(first + '"random"', first + '"/models/mine.pth"')
    draft.definition["networks"]["sharp"]["weights"] = "/models/mine.pth"
    Study.objects.update(definition=draft.definition, definition_toml=loaded)
    draft.refresh_from_db()
    client = administrator()
    assert client.post(checked(draft), edited(draft, loaded)).json() == {"complaints": []}
    wrong = loaded.replace('"random"', '"other.pth"')
    (found,) = client.post(checked(draft), edited(draft, wrong)).json()["complaints"]
    assert "networks.blurred.weights" in found["sentence"]


def test_texts_of_another_tool_were_read_for_what_was_asked_then(tmp_path: Path) -> None:
    study = load_study(write_imported(tmp_path, study=WORDS, manifest=TEXTS_OF_PHOTOS))
    client, toml = administrator(), study.definition_toml
    form = {"toml": toml, **dict.fromkeys((f"text-{name}" for name in TEXT_NAMES), "Words.")}
    assert client.post(checked(study), form).json() == {"complaints": []}
    form["toml"] = toml.replace('"agreement"', '"meta_prediction"')
    (found,) = client.post(checked(study), form).json()["complaints"]
    assert "whether its texts answer what people are asked is checked when" in found["sentence"]


def test_a_seed_that_drew_the_photos_stays(draft: Study) -> None:
    drawn = TOML.replace('folder = "photos"', 'folder = "photos"\ncount = 2')
    draft.definition["images"]["count"] = 2
    Study.objects.update(definition=draft.definition, definition_toml=drawn)
    draft.refresh_from_db()
    page = administrator().post(
        address(draft), edited(draft, drawn.replace("seed = 1", "seed = 7"))
    )
    assert "decided which photos were taken" in told(page)[0][1]


def test_who_saves_over_anothers_version_is_told_and_both_versions_are_shown(draft: Study) -> None:
    client, mine = administrator(), edited(draft, TOML.replace("Mine", "My own"))
    client.post(address(draft), edited(draft, TOML.replace("Mine", "Theirs")))
    page = client.post(address(draft), mine)
    assert page.status_code == 409
    assert Study.objects.get().title == "Theirs"
    assert "My own" in page.context["version"].toml
    assert "Theirs" in page.context["theirs"].toml
    assert "Somebody else has saved" in page.content.decode()
    client.post(address(draft), {**mine, "before": page.context["before"]})
    assert Study.objects.get().title == "My own"


def test_marked_copies_go_when_the_definition_changes(draft: Study) -> None:
    study = make_study(slug="small")
    send_people(marked_copy(study, StudyKind.PILOT, 5), 1)
    toml = TOML.replace('"mine"', '"small"')
    administrator().post(address(study), edited(study, toml, people="1"))
    study.refresh_from_db()
    assert study.state == StudyState.DRAFT
    assert not study.copies.exists()
    assert not study.stimuli.exists()
    assert study.prepared_at is None
    assert study_definition(study).title == "Mine"


def test_answers_of_a_pilot_are_deleted_only_by_whoever_was_asked() -> None:
    study, client = make_study(slug="small"), administrator()
    pilot = marked_copy(study, StudyKind.PILOT, 5)
    send_people(pilot, 2)
    mine = edited(study, TOML.replace('"mine"', '"small"'), **{"text-consent": "\n<b>New"})
    page = client.post(address(study), mine)
    assert "2 people took part in a pilot" in page.content.decode()
    assert pilot.participations.count() == 2
    asked = {name: str(value) for name, value in page.context["hidden"]}
    assert asked == {**mine, "people": "2"}
    back = client.post(address(study), {**asked, "do": "edit"})
    assert dict(back.context["texts"])["consent"] == "\n<b>New"
    assert back.context["before"] == mine["before"]
    take_part(pilot, "one more")  # meanwhile
    page = client.post(address(study), asked)
    assert "3 people took part in a pilot" in page.content.decode()
    asked = {name: str(value) for name, value in page.context["hidden"]}
    assert client.post(address(study), asked).status_code == 302
    assert Study.objects.get().definition_toml == mine["toml"]


def test_nothing_is_asked_where_the_answers_of_a_pilot_stay(draft: Study) -> None:
    study, client = make_study(slug="small"), administrator()
    send_people(marked_copy(study, StudyKind.PILOT, 5), 1)
    Study.objects.filter(pk=study.pk).update(definition=draft.definition | {"slug": "small"})
    study.refresh_from_db()
    toml = "# a comment\n" + TOML.replace('"mine"', '"small"')
    assert client.post(address(study), edited(study, toml)).status_code == 302
    assert study.copies.exists()


def test_what_was_open_is_not_edited() -> None:
    study = open_study(make_study())
    page = administrator().get(address(study))
    assert "was opened and can't change any more" in page.context["hindrance"]
    before = study.definition
    signed_in(make_user("ada", study, Role.OWNER)).post(address(study), edited(study))
    study.refresh_from_db()
    assert study.definition == before


def test_copies_and_parents_are_not_edited(draft: Study) -> None:
    newer = make_study(slug="newer")
    Study.objects.filter(pk=newer.pk).update(parent=draft)
    client = administrator()
    assert "is the parent of newer" in client.get(address(draft)).content.decode()
    copy = marked_copy(newer, StudyKind.PILOT, 5)
    assert "edit newer instead" in client.get(address(copy)).content.decode()


def test_who_does_not_see_the_parent_saves_its_child(draft: Study) -> None:
    parent = make_study(slug="first")
    toml = 'parent = "first"\n' + TOML
    draft.definition["parent"] = "first"
    Study.objects.filter(pk=draft.pk).update(
        parent=parent, definition=draft.definition, definition_toml=toml
    )
    draft.refresh_from_db()
    client = signed_in(make_user("ada", draft, Role.RESEARCHER))
    assert (
        client.post(address(draft), edited(draft, toml.replace("Mine", "Better"))).status_code
        == 302
    )
    draft.refresh_from_db()
    assert (draft.title, draft.parent) == ("Better", parent)
    make_study(slug="hidden")
    page = client.post(address(draft), edited(draft, toml.replace('"first"', '"hidden"')))
    assert "the parent hidden is not loaded" in told(page)[0][1]


def test_what_an_edit_loses_is_said_before(draft: Study) -> None:
    study, client = make_study(slug="small"), administrator()
    send_people(marked_copy(study, StudyKind.PILOT, 5), 1)
    enter(study.copies.get(), source="preview")
    study.stimuli.filter(pk=study.stimuli.first().pk).update(
        role=StimulusRole.DROPPED, dropped_because="blurred"
    )
    page = " ".join(client.get(address(study)).content.decode().split())
    assert "with all answers in it: 1 person took part in a pilot." in page
    assert "The stimulus that was dropped may then be chosen again; drop it again before" in page
    plain = client.get(address(draft)).content.decode()
    assert "dropped" not in plain
    assert "took part" not in plain


def test_an_assistant_does_not_edit(draft: Study) -> None:
    client = signed_in(make_user("bob", draft, Role.ASSISTANT))
    assert client.post(address(draft), edited(draft, "")).status_code == 403


def test_the_check_of_the_editor_is_the_one_of_the_page(draft: Study) -> None:
    client = administrator()
    wrong = edited(draft, TOML.replace("people = 2", "poeple = 2"))
    page, reply = client.post(address(draft), wrong), client.post(checked(draft), wrong)
    found = [(one["line"], one["sentence"]) for one in reply.json()["complaints"]]
    assert found == told(page)
    assert client.get(checked(draft)).json() == {"complaints": []}


def checked(study: Study) -> str:
    return page_of(study, "study_file_check")


def test_a_new_studys_file_is_checked_as_an_upload() -> None:
    address = "/admin/studyapp/study/add/check/"
    toml = TOML.replace('folder = "photos"', 'folder = "../photos"')
    (found,) = administrator().post(address, {"toml": toml}).json()["complaints"]
    assert found["line"] == toml.split("\n").index('folder = "../photos"') + 1
    assert "points outside the upload" in found["sentence"]
    assert signed_in(make_user("reader")).post(address, {"toml": toml}).status_code == 403


def test_a_new_studys_short_fields_are_part_of_what_is_checked() -> None:
    toml = TOML.replace('folder = "photos"', 'folder = "../photos"')
    form = {"toml": toml, "folder": "photos", "people": "4", "seed": "²", "title": ""}
    client = administrator()
    reply = client.post("/admin/studyapp/study/add/check/", form)
    (found,) = reply.json()["complaints"]
    assert found["line"] == toml.split("\n").index("seed = 1") + 1
    assert "whole number" in found["sentence"]
    form.update(seed="1", people="9" * 5000)
    reply = client.post("/admin/studyapp/study/add/check/", form)
    (found,) = reply.json()["complaints"]
    assert found["line"] == toml.split("\n").index("people = 2") + 1


def test_the_words_of_the_editor_are_the_schema_and_the_catalogue() -> None:
    words = administrator().get("/admin/studyapp/study/words/").json()
    method = words["schema"]["$defs"]["ConditionSection"]["properties"]["method"]
    assert set(words["methods"]) <= set(method["enum"])
    assert words["networks"]["alexnet"]["weights"]


def test_the_bundled_editor_is_made_from_the_sources_that_are_here() -> None:
    """After a change there: `make editor`."""
    folder = settings.ROOT / "editor"
    sources = sorted((folder / "source").iterdir())
    made_from = [*(folder / name for name in ("build.js", "package.json", "package-lock.json")),
                 *sources]  # fmt: skip
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in made_from)).hexdigest()
    static = settings.ROOT / "studyapp" / "static" / "studyapp"
    with (static / "editor.js").open(encoding="utf-8") as bundle:
        assert digest in bundle.readline()
    licences = (static / "editor.licences.txt").read_text(encoding="utf-8")
    wanted = json.loads((folder / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert (
        dict(re.findall(r"^(\S+) (\S+) \(MIT\)$", licences, flags=re.MULTILINE)).items()
        >= wanted.items()
    )
