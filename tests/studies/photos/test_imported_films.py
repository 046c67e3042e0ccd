"""Films in the table of what another tool made."""

from pathlib import Path

import pytest

from studyapp.models import Explanation, Kind
from studyapp.studies.definition.file import DefinitionError, parse_definition
from studyapp.studies.loading import load_study
from studyapp.studies.photos.readers import ReaderError
from tests.elsewhere import FILMS, MOVES, write_films
from tests.studies.photos.test_manifests import stored

pytestmark = pytest.mark.django_db


def test_films_are_kept_without_what_was_written_into_them(tmp_path: Path) -> None:
    load_study(write_films(tmp_path))
    rows = list(Explanation.objects.all())
    assert {row.kind for row in rows} == {Kind.FILM}
    assert sorted(row.map_file[-4:] for row in rows) == [".mp4", ".mp4", "webm", "webm"]
    assert {row.provenance["imported"]["seconds"] for row in rows} == {1.0}
    assert not any(b"secret" in stored(row) for row in rows)


def test_a_program_that_is_called_a_film_is_refused_by_its_row(tmp_path: Path) -> None:
    path = write_films(tmp_path)
    (tmp_path / "made" / "b.mp4").write_bytes(b"MZ\x90\0" + bytes(400))
    with pytest.raises(
        ReaderError, match=r"line 3: b\.mp4: it begins as a program for Windows does"
    ):
        load_study(path)


def test_two_films_for_one_explanation_are_one_too_many(tmp_path: Path) -> None:
    with pytest.raises(ReaderError, match=r"same explanation as line 2; remove one of the two$"):
        load_study(write_films(tmp_path, manifest=MOVES + "cat/a.png,cat,b.mp4\n"))


def test_films_have_their_own_time_and_stand_where_pictures_do() -> None:
    shown = FILMS.replace("trials = 4 }", "trials = 4, presentation = { zoom = true } }")
    with pytest.raises(DefinitionError, match=r"shows films, and `blocks\.presentation` of main"):
        parse_definition(shown, "study.toml")
    plain = FILMS.replace(
        "trials = 4 }",
        'trials = 2, conditions = ["theirs"] }, { name = "timed", paradigm = "agreement", '
        'trials = 2, conditions = ["nothing"], presentation = { zoom = true } }',
    )
    parse_definition(plain, "study.toml")
    with pytest.raises(DefinitionError, match=r"shows films, and `blocks\.presentation` of timed"):
        parse_definition(plain.replace('["nothing"]', '["theirs"]'), "study.toml")
    for paradigm in ("pointing", "marking"):
        with pytest.raises(DefinitionError, match="it shows a short silent film, which only"):
            parse_definition(FILMS.replace('"agreement"', f'"{paradigm}"'), "study.toml")
    signed = FILMS.replace('kind = "film"', 'kind = "film", settings = { signed = true }')
    with pytest.raises(DefinitionError, match="only if it shows maps"):
        parse_definition(signed, "study.toml")
