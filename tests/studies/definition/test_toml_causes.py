"""A study file that is no TOML is told with the likely cause in words, and its line."""

import re

import pytest

from studyapp.studies.definition.file import DefinitionError, parse_definition
from tests.studies.definition.test_checking import STUDY


def complaint(text: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        parse_definition(text, "my.toml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("title = “Cats”", "curly quotes; use straight ones"),
        ("title = ‘Cats’", "curly quotes"),
        ("title = „Cats“", "curly quotes"),
        ('title = "C:\\Users\\me"', "a backslash between double quotes"),
        ('title = "D:\\photos"', "a backslash between double quotes"),
        ('title =\u00a0"Cats"', "an invisible character"),
        ("title = Cats", "a text needs straight quotes"),
        ("demo = True", "write true or false, in small letters"),
        ('title = "a"\ntitle = "b"', "appears twice"),
        ('title = "Cats "and" dogs"', 'write \\" for a quote inside double quotes'),
        ("title = 'The cat's dog'", "or put the other kind of straight quotes around"),
        ("x = 1,5", "a decimal point instead of the comma"),
    ],
)
def test_the_likely_cause_is_told_with_its_line(line: str, cause: str) -> None:
    text = STUDY.replace('title = "Colours"', line)
    told = complaint(text)
    assert cause in told
    assert re.search(rf"line {2 + line.count(chr(10))}: ", told)


def test_a_byte_order_mark_is_called_by_its_name() -> None:
    assert "byte order mark (BOM); save it as UTF-8 without a BOM" in complaint(f"\ufeff{STUDY}")


def test_one_bracket_where_others_have_two_is_not_told_as_something_to_remove() -> None:
    first, rest = STUDY.split("[[blocks]]", 1)
    told = complaint(f"{first}[blocks]{rest}\n[[blocks]]\nname = 'more'")
    assert "has both [blocks] and [[blocks]]; write [[blocks]] each time" in told
    assert "remove" not in told


def test_curly_quotes_inside_a_text_are_no_cause() -> None:
    parse_definition(STUDY.replace('"Colours"', '"“Colours”"'), "my.toml")
    told = complaint(STUDY.replace('"Colours"', '"“Colours”" x'))
    assert "curly" not in told


def test_a_path_whose_backslashes_became_a_tab_is_refused() -> None:
    told = complaint(STUDY.replace('folder = "photos"', 'folder = "C:\\temp"'))
    assert "`images.folder` holds a special character" in told
    assert "line 17" in told


def test_a_short_name_that_cannot_be_is_told_in_plain_words() -> None:
    told = complaint(STUDY.replace('slug = "colours"', 'slug = "My Colours"'))
    assert "`slug`: use at most 80 lowercase letters a–z, digits and hyphens" in told
    assert "pattern" not in told
    told = complaint(STUDY.replace('name = "main"', 'name = "Main block"'))
    assert "use at most 60 lowercase letters a–z, digits and underscores" in told


def test_a_texts_name_is_no_path() -> None:
    toml = STUDY.replace("[texts]", '[texts]\n"../../evil" = "t.md"')
    with pytest.raises(
        DefinitionError, match=r"`texts\.\.\./\.\./evil`: use letters, digits, hyphens"
    ):
        parse_definition(toml, "study.toml")


# --- whose study it is
