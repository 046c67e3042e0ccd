"""Names that a study file of an upload gives to its texts and photos: usable, or refused by key."""

import pytest

from studyapp.models import Study
from tests.admin.desk import administrator, signed_in
from tests.admin.test_upload import ADDRESS, TEXTS, TOML, maker_named, sent

pytestmark = pytest.mark.django_db
TAKEN, TEXT, FOLDER = "is taken by another file", '"texts/consent.md"', 'folder = "photos"'


@pytest.mark.parametrize(
    ("key", "wanted", "reason"),
    [
        (TEXT, '"."', "is the name of a folder"),
        (TEXT, '"texts"', TAKEN),
        (TEXT, '"texts/"', TAKEN),
        (TEXT, f'"{"ü" * 150}.md"', "is longer than a file's name may be"),
        (TEXT, '"texts/debrief.md"', TAKEN),
        (TEXT, '"study.toml"', TAKEN),
        (TEXT, '"study.toml/consent.md"', TAKEN),
        (TEXT, '"photos.unpacked"', "is the name of a folder"),
        (FOLDER, 'folder = "."', TAKEN),
        (FOLDER, 'folder = "study.toml/photos"', TAKEN),
        (FOLDER, 'folder = "texts/debrief.md/photos/of/mine"', "leads through a file"),
        (FOLDER, f'folder = "{"ü" * 150}"', "is longer than a file's name may be"),
        (FOLDER, 'folder = "photos.unpacked/inside"', TAKEN),
    ],
)  # fmt: skip
def test_a_name_that_no_file_of_the_upload_can_have_is_refused_and_loses_nothing(
    key: str, wanted: str, reason: str
) -> None:
    client = administrator()
    toml = TOML.replace(key, wanted)
    page = client.post(ADDRESS, sent(toml=toml))
    complaints = [one for row in page.context["form"].errors.values() for one in row]
    assert [one for one in complaints if reason in one and "name another one" in one] == complaints
    assert "# consent" in page.content.decode()
    client.post(ADDRESS, {"toml": TOML, **TEXTS, "do": "make"})
    study = Study.objects.get()
    assert study.images.count() == 4
    assert study.texts.get(name="consent").markdown == "# consent"


def test_a_text_that_was_emptied_is_missed_and_not_taken_from_an_earlier_try() -> None:
    client = administrator()
    client.post(ADDRESS, sent(do="check"))
    data = {"toml": TOML, **TEXTS, "text-consent": "", "do": "make"}
    errors = client.post(ADDRESS, data).context["form"].errors
    assert "texts.consent" in errors["toml"][0]
    assert not Study.objects.exists()


def test_the_people_of_somebody_elses_study_decide_nothing() -> None:
    panel = '\n[panel]\nkind = "personal"\n'
    administrator().post(ADDRESS, sent(toml=TOML + panel))
    rule = panel + '\n[entry]\nonly_after = ["mine"]\n'
    child = TOML.replace('slug = "mine"', 'slug = "child"') + rule
    page = signed_in(maker_named("stranger")).post(ADDRESS, sent(toml=child))
    assert "no study with this slug that you may use" in page.context["form"].errors["toml"][0]
    assert Study.objects.get().slug == "mine"
