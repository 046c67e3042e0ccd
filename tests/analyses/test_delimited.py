"""Tables from elsewhere: read as R and Excel write them, or refused with the line."""

import csv
from pathlib import Path
from typing import Any

import pytest

from studyapp.analyses.results import results
from studyapp.analyses.summary import summary
from studyapp.analyses.tidy import Tidy, TidyError, tidy_file

ROWS = [
    (f"p{person}", f"i{image}", "ab"[(person + image) % 2], int((person * image) % 3 > 0))
    for person in range(4)
    for image in range(4)
]
HEADER = ("participant", "image", "method", "correct")


def table(
    rows: list[tuple[Any, ...]] = ROWS, *, header: tuple[str, ...] = HEADER, mark: str = ","
) -> str:
    return "\n".join(mark.join(str(cell) for cell in row) for row in [header, *rows]) + "\n"


def read(folder: Path, content: str | bytes, **options: Any) -> Tidy:
    path = folder / "table.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return tidy_file(path, **{"chance": 0.5, **options})


TRUTHS = [(*row[:3], "TRUE" if row[3] else "FALSE") for row in ROWS]
WRITTEN: dict[str, str | bytes] = {
    "semicolons": table(mark=";"),
    "tabs": table(mark="\t"),
    "R's write.csv": table(
        [(number, *row) for number, row in enumerate(ROWS, 1)], header=('""', *HEADER)
    ),
    "quotes": table([tuple(f'"{cell}"' for cell in row) for row in ROWS]),
    "TRUE and FALSE": table(TRUTHS),
    "decimals": table([(*row[:3], f"{row[3]}.0") for row in ROWS]),
    "decimal commas": table([(*row[:3], f"{row[3]},0") for row in ROWS], mark=";"),
    "Excel's first line": "sep=;\r\n" + table(mark=";").replace("\n", "\r\n"),
    "a byte order mark": b"\xef\xbb\xbf" + table().encode(),
    "UTF-16": table().encode("utf-16"),
    "UTF-16 without a mark": table().encode("utf-16-le"),
    "capitals and blanks in the header": table(
        header=(" Participant", "IMAGE ", "Method", "Correct")
    ),
    "blanks around cells": table([tuple(f" {cell}\u00a0" for cell in row) for row in ROWS]),
    "Excel's CSV (Macintosh)": table().replace("\n", "\r"),
    "Excel's first line on a Macintosh": "sep=;\r" + table(mark=";").replace("\n", "\r"),
    "blank lines": table().replace("\n", "\n\n"),
}  # fmt: skip


def test_a_table_that_names_no_kind_of_question_tells_how_it_is_read(tmp_path: Path) -> None:
    told = "read as discrimination, where guessing is right in 50 % of the answers"
    assert told in " ".join(read(tmp_path, table(), chance=None).notes)
    for options in ({"paradigm": "discrimination", "chance": None}, {"chance": 1 / 3}):
        assert "is read as" not in " ".join(read(tmp_path, table(), **options).notes)


@pytest.mark.parametrize("name", WRITTEN)
def test_every_way_of_writing_a_table_gives_the_same_judgments(name: str, tmp_path: Path) -> None:
    tidy = read(tmp_path, WRITTEN[name])
    assert list(tidy.frame[list(HEADER)].itertuples(index=False, name=None)) == ROWS
    assert tidy.notes == ()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("participant,image,method,correct\np,i,a,1\np,i,a,1,\n", "line 3 has 5 cells, the header"),
        ("participant,image,method,correct\n1,p,i,a,1\n2,p,i,b,0\n", "2 of 2 rows do not fit it"),
        ("participant,image,method,correct\np,i,a\n", "line 2 has 3 cells, the header has 4"),
        ('participant,image,method,correct\n"p\nq",i,a,1\np,i,a\n', "line 4 has 3 cells"),
        ('participant,image,method,correct\np,i,a,"1\n', "line 2: can't be read as CSV"),
        ("participant image method correct\np i a 1\n", "the header is one cell; separate"),
        ("sep=|\nparticipant|image\n", "line 1: cells can't be separated by |"),
        ("participant,image,method,correct,correct\np,i,a,1,0\n", "2 columns “correct”; rename"),
        ("participant,image,method,correct,Correct\np,i,a,1,0\n", "2 columns “correct”; rename"),
        ("participant,image,method,score\np,i,a,1\np,i,a,inf\n", "line 3: score 'inf' is not one"),
        ("participant,image,method,correct,order\np,i,a,1,inf\n", "line 2: order 'inf' is not a"),
        ("participant,image,method,correct,order\np,i,a,1,1e300\n", "order '1e300' is not a"),
        ("participant,image,method,correct,order\np,i,a,1,first\n", "order 'first' is not a"),
        ('participant,image,method,correct,order\np,i,a,1,"1,5"\n', "write decimals with a point"),
        ("participant,image,method,score,stronger_side\np,i,a,1,C\n", "line 2: stronger_side 'C'"),
        (b"participant,image,method,correct\np\xe9,i,a,1\n", "line 2: the text is not UTF-8; save"),
        (b"PK\x03\x04rest", "is a spreadsheet, not CSV: save it as"),
        ("\n", "its first line names no columns"),
        ("x" * 140_000 + ",image\np,i\n", "line 1: a cell of more than 131,072 characters"),
        ("participant;image;correct\np;i;1\n", "“image”, “correct”, separated by semicolons"),
    ],
)  # fmt: skip
def test_what_can_not_be_read_is_refused_with_its_line(
    content: str | bytes, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(TidyError) as told:
        read(tmp_path, content)
    assert sentence in str(told.value)


@pytest.mark.parametrize(
    ("paradigm", "content", "sentence"),
    [
        ("pointing", "participant,image,method,percentile\np,i,a,101\n", "not between 0 and 100"),
        ("rating", "participant,image,method,value\np,i,a,1e200\n", "value '1e200' is not a"),
        ("rating", "participant;image;method;value\np;i;a;1,5\nq;i;a;1.5\n", "value '1,5' is not"),
    ],
)
def test_a_value_that_can_not_be_is_refused_with_its_line(
    paradigm: str, content: str, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(TidyError, match="line 2") as told:
        read(tmp_path, content, paradigm=paradigm)
    assert sentence in str(told.value)


@pytest.mark.parametrize("missing", ["", "NA"])
def test_a_missing_outcome_is_left_out_and_counted(missing: str, tmp_path: Path) -> None:
    rows = [*ROWS[:-2], (*ROWS[-2][:3], missing), (*ROWS[-1][:3], missing)]
    tidy = read(tmp_path, table(rows))
    assert len(tidy.frame) == len(ROWS) - 2
    assert tidy.notes == ("2 rows have no outcome (empty or NA) and are left out",)
    lines = "\n".join(summary(results(tidy)))
    assert "note: 2 rows have no outcome (empty or NA) and are left out" in lines


def test_a_missing_answer_of_a_further_paradigm_is_left_out_and_counted(tmp_path: Path) -> None:
    content = "participant,image,method,value\np,i,a,3\nq,i,a,NA\n"
    tidy = read(tmp_path, content, paradigm="rating")
    assert tidy.notes == ("1 row has no outcome (empty or NA) and is left out",)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([*ROWS, *ROWS[:3]], "3 rows are exact copies of an earlier one (first: line 18)"),
        ([*ROWS, ("NA", "i0", "a", 1)], "participant is “NA” in 1 row: read as a name"),
        (
            [*ROWS, ("P1", "i0", "a", 1)],
            "participant has 2 names that look alike, such as “P1” and “p1”",
        ),
        ([*ROWS, ("p\u200b1", "i0", "a", 1)], "look alike, such as “p1” and “p\\u200b1”"),
        ([*ROWS, ("p1", "i  1", "a", 1), ("p1", "i 1", "a", 1)], "“i  1” and “i 1”"),
        ([*ROWS, ("p1", "i\u00a01", "a", 1), ("p1", "i 1", "a", 1)], "“i 1” and “i\\u00a01”"),
        ([*ROWS, ("01", "i0", "a", 1), ("1", "i0", "a", 1)], "such as “01” and “1”"),
        ([*ROWS, ("7", "i0", "a", 1), ("7.0", "i0", "a", 1)], "such as “7” and “7.0”"),
        ([*ROWS, ("p1", "i0", "grad-cam", 1), ("p1", "i0", "grad_cam", 1)], "method has 2 names"),
        ([*ROWS, ("nan", "i0", "a", 1)], "participant is “nan” in 1 row: read as a name"),
        ([*ROWS, ("p1", "cafe\u0301", "a", 1)], "1 cell had accents written with two characters"),
    ],
)
def test_what_looks_like_a_slip_is_told_with_counts(
    rows: list[tuple[Any, ...]], sentence: str, tmp_path: Path
) -> None:
    notes = read(tmp_path, table(rows)).notes
    assert [note for note in notes if sentence in note] == list(notes)
    assert len(notes) == 1


def test_an_accent_in_two_forms_and_a_trailing_blank_are_one_name(tmp_path: Path) -> None:
    rows = [("e\u0301", "i", "a", 1), ("\u00e9", "i", "b", 0), ("\u00e9 ", "j", "b", 0)]
    assert set(read(tmp_path, table(rows)).frame["participant"]) == {"\u00e9"}


def test_a_true_minus_is_a_minus(tmp_path: Path) -> None:
    content = "participant,image,method,score\np,i,a,\u22122\n"
    assert read(tmp_path, content).frame["score"].tolist() == [-2]


def test_a_long_cell_is_refused_whatever_limit_python_reads_with(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    sentence = "a cell of more than 131,072 characters; shorten it"
    for limit in (131_072, 2**26):
        csv.field_size_limit(limit)
        try:
            with pytest.raises(TidyError, match=sentence):
                read(tmp_path, f"participant,image,method,correct\np,i,{'x' * 140_000},1\n")
        finally:
            csv.field_size_limit(before)
