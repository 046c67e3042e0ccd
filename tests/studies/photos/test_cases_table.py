"""The table that `images.cases` names: what is asked about each photo, or the line to mend."""

from pathlib import Path

import pytest

from photos.questions import MOST_CONTEXT
from studyapp.sections.networks_and_images import ImagesSection
from studyapp.studies.photos.readers import Photo, ReaderError, left_out, read_photos

from .questions import write_questions

SECTION = ImagesSection(reader="folder", folder="photos", cases="questions.csv", smallest_side=16)
ROWS = "".join(f"things/{name}.png,Who?\n" for name in "bcd")


def read(folder: Path, table: str | bytes, **options: object) -> list[Photo]:
    write_questions(folder)
    content = table if isinstance(table, bytes) else table.encode()
    (folder / "questions.csv").write_bytes(content)
    return read_photos(SECTION.model_copy(update=options), folder)


def test_a_photo_comes_once_for_every_question(tmp_path: Path) -> None:
    first = 'things/a.png,"Who, and\nwhere?"\nthings/a.png,Wo?\n'
    found = read(tmp_path, f"Photo,Context\n{first}\n{ROWS}")
    assert [(one.name[-5], one.context, one.shown) for one in found] == [
        ("a", '"Who, and\\nwhere?"', "Who, and\nwhere?"),
        ("a", '"Wo?"', "Wo?"),
        ("b", '"Who?"', "Who?"),
        ("c", '"Who?"', "Who?"),
        ("d", '"Who?"', "Who?"),
    ]
    assert {one.categories[0].name for one in found} == {"things"}
    assert not left_out(SECTION, tmp_path)


def test_answers_take_the_place_of_what_is_on_the_photo(tmp_path: Path) -> None:
    rows = ROWS.replace("?\n", "?,cat | kitten\n")
    found = read(tmp_path, f"photo,context,answer\nthings/a.png,Who?,dog\n{rows}")
    assert [(one.categories[0].name, one.categories[0].accepted) for one in found] == [
        ("dog", ("dog",)),
        *[("cat", ("cat", "kitten"))] * 3,
    ]


def test_a_table_may_name_what_people_choose_between(tmp_path: Path) -> None:
    rows = ROWS.replace("?\n", "?,cat,\n")
    table = f"photo,context,answer,others\nthings/a.png,Who?,dog,fox | cat|cow\n{rows}"
    found = read(tmp_path, table, groups={"animal": ["dog"]})
    assert [one.categories[0].others for one in found] == [("fox", "cat", "cow"), (), (), ()]


def test_what_people_read_may_be_another_text_or_nothing(tmp_path: Path) -> None:
    rows = "".join(f'things/{name}.png,"[1, {{""b"": 2}}]",\n' for name in "bcd")
    found = read(tmp_path, f"photo,context_json,shown\nthings/a.png,7,What is it?\n{rows}")
    assert [(one.context, one.shown) for one in found] == [
        ("7", "What is it?"),
        *[('[1, {"b": 2}]', "")] * 3,
    ]


def test_photos_that_are_not_taken_may_have_questions(tmp_path: Path) -> None:
    table = f"photo,context\nthings/a.png,Who?\n{ROWS}"
    assert len(read(tmp_path, table, count=2, select="first")) == 2


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("", "is empty; its first line must name the columns"),
        ("photo,context\n", "has no row below its first line"),
        ("photo,question\na,b\n", "line 1: the columns are photo, question; they must be"),
        ("photo,context,context_json\na,b,1\n", "line 1: the columns are .* one of context"),
        ("photo,context_json\na,1\n", "line 1: add a column shown"),
        (f"photo,context\nthings/z.png,Who?\n{ROWS}", "line 2: things/z.png is not among"),
        (f"photo,context\n{ROWS}", "things/a.png has no row"),
        ("photo,context\nthings/a.png,Who?\n", "b.png, things/c.png, things/d.png have no row"),
        (f"photo,context\n{ROWS}{ROWS}", "line 5: the same photo and context as line 2"),
        (f"photo,context\nthings/a.png,\n{ROWS}", "line 2: the cell context is empty"),
        (f"photo,context\n{ROWS},Who?\n", "line 5: the cell photo is empty"),
        (f"photo,context\nthings/a.png,Who?,dog\n{ROWS}", "line 2: 3 cells instead of 2"),
        ("photo,context,answer\nthings/a.png,Who?,|\n", "line 2: the cell answer is empty"),
        (
            f"photo,context,shown\nthings/a.png,{'w' * MOST_CONTEXT},\n",
            f"line 2: the context has {MOST_CONTEXT + 2} characters as JSON, and {MOST_CONTEXT} is",
        ),
        (f"photo,context\nthings/a.png,{'w' * 501}\n", "people read has 501 characters.*shown"),
        ("photo,context_json,shown\nthings/a.png,{1},\n", r"line 2: \{1\} is not JSON"),
        ("photo,context_json,shown\nthings/a.png,NaN,\n", "line 2: NaN is not JSON"),
        ("photo,context_json,shown\nthings/a.png,[-1e400],\n", r"line 2: \[-1e400\] is not JSON"),
        ("photo,context_json,shown\nthings/a.png,{},\n", r"line 2: the context \{\} is empty"),
        ('photo,context_json,shown\nthings/a.png,"""\\ud800""",\n', "that can't be stored"),
        ("photo,context\nthings/a.png,a\x00b\n", "line 2: holds a character that can't be stored"),
        ("photo,context,others\na,b,c\n", "line 1: the columns are .* beside answer, others"),
        ("photo,context,answer,others\na,b,dog,fox|cat\n", "line 2: .* name 3 .* it has 2"),
        ("photo,context,answer,others\na,b,dog,fox||cat\n", "line 2: .* name 3 .* it has 2"),
        ("photo,context,answer,others\na,b,dog,fox|cat|Dog\n", "line 2: the answer Dog is there"),
        ("photo,context,answer,others\na,b,dog,fox|cat|Cat\n", "line 2: the answer Cat is there"),
        (b"photo,context\n\xff\xfe", "not text in UTF-8"),
        ('photo,context\n"things/a.png,Who?\n', "not a table"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used_is_refused_with_its_line(
    tmp_path: Path, table: str | bytes, told: str
) -> None:
    with pytest.raises(ReaderError, match=rf"^questions\.csv.*{told}"):
        read(tmp_path, table)


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    write_questions(tmp_path)
    with pytest.raises(ReaderError, match=r"none\.csv: no such file; check its path"):
        read_photos(SECTION.model_copy(update={"cases": "none.csv"}), tmp_path)
