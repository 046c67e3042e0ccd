"""What another tool made, uploaded beside a study file."""

from pathlib import Path

import pytest

from studyapp.models import Explanation, Prediction, Study
from tests.admin.desk import administrator, signed_in
from tests.admin.test_upload import ADDRESS, maker_named, packed, sent
from tests.elsewhere import write_imported

pytestmark = pytest.mark.django_db


def test_what_another_tool_made_comes_as_a_second_zip_beside_the_study_file(tmp_path: Path) -> None:
    toml = write_imported(tmp_path).read_text("utf-8")
    files = {
        path.relative_to(tmp_path).as_posix(): path.read_bytes()
        for path in [*(tmp_path / "made").iterdir(), tmp_path / "predictions.csv"]
    }
    seen = {
        path.relative_to(tmp_path / "photos").as_posix(): path.read_bytes()
        for path in (tmp_path / "photos").rglob("*.png")
    }
    texts = {f"text-{name}": "Text." for name in ("consent", "instructions", "debrief")}
    given = {"toml": toml, "photos": packed(seen), "do": "make", **texts}
    desk = signed_in(maker_named("maker"))
    page = desk.post(ADDRESS, {**given, "others": packed({**files, "made/a.npy": b"torn"})})
    assert "line 2: a.npy: neither a NumPy array" in page.context["form"].errors["others"][0]
    assert b"Your uploaded files are kept" in page.content
    assert b"and the uploaded photos and other files are kept" in page.content
    page = desk.post(ADDRESS, {**given, "photos": "", "others": packed(files)}, follow=True)
    assert "Study elsewhere was created with 4 photos" in page.content.decode()
    assert Explanation.objects.filter(method="imported").count() == 4
    assert Prediction.objects.filter(state="ready").count() == 4


def test_a_zip_of_files_leads_nowhere_and_takes_no_texts_place() -> None:
    desk = administrator()
    page = desk.post(ADDRESS, sent(others=packed({"../evil.csv": b"a,b"})))
    assert "outside its folder" in page.context["form"].errors["others"][0]
    page = desk.post(ADDRESS, sent(others=packed({"texts/consent.md": b"other words"})))
    assert "is taken by another file" in str(page.context["form"].errors)
    page = desk.post(ADDRESS, sent(others=packed({"texts/consent.md": "ä".encode("latin-1")})))
    assert "is taken by another file" in str(page.context["form"].errors)
    for name in ("study.toml/a.csv", "photos.unpacked/a.png", "files.unpacked/a.csv"):
        page = desk.post(ADDRESS, sent(others=packed({name: b"a"})))
        assert "a folder with a name that is used" in page.context["form"].errors["others"][0]
    assert not Study.objects.exists()
