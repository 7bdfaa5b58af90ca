"""Files with tables: what is read, and how everything that is wrong is named by row, column and rule."""

from __future__ import annotations

from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from chassis.errors import Problem
from chassis.tables import CELL_CHARS_MAX, RowProblem, parse_table, refusal_of, report_of

Code = Annotated[str, Field(pattern=r"^[A-Z0-9-]+$", max_length=8)]


class PlaceRow(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    place: Code
    size: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]{1,6})?$")]
    note: str | None = None


def read(text: str) -> list[tuple[int, str, str, str | None]]:
    table = parse_table(text.encode(), PlaceRow)
    assert not table.problems
    return [(row.number, row.value.place, row.value.size, row.value.note) for row in table.rows]


def wrong(text: str) -> list[tuple[int, str | None, str]]:
    return [(one.row, one.column, one.code) for one in parse_table(text.encode(), PlaceRow).problems]


@pytest.mark.parametrize(
    "text",
    [
        "place,size,note\nA-1,2.5,cold\nB-2,1,\n",
        "\ufeffplace,size,note\r\nA-1,2.5,cold\r\nB-2,1\r\n",
        "place;size;note\nA-1;2.5;cold\nB-2;1;",
        "note\tplace\tsize\ncold\tA-1\t2.5\n\tB-2\t1\n",
        'place , size,note\n "A-1",2.5, cold \nB-2,1,\n'.replace(' "A-1"', '"A-1"'),
    ],
    ids=["commas", "as Excel saves it", "semicolons", "tabs, another order", "spaces around cells"],
)
def test_a_table_is_read_however_a_spreadsheet_saved_it(text: str) -> None:
    assert read(text) == [(2, "A-1", "2.5", "cold"), (3, "B-2", "1", None)]


def test_rows_are_counted_as_a_spreadsheet_counts_them() -> None:
    # Given a cell of two lines, a blank row, and cells that hold the separator and quotes
    text = 'place,size,note\nA,1,"two\nlines"\n\n,,\nB,2,"a, ""b"""\n'
    assert read(text) == [(2, "A", "1", "two\nlines"), (5, "B", "2", 'a, "b"')]


def test_everything_that_is_wrong_is_named_by_row_column_and_rule() -> None:
    text = f"place,size,note\na b,1,\nC,1;5,\n,,x\nD,2,{'n' * (CELL_CHARS_MAX + 1)}\nE,1,2,3\nGOOD,1,\nTOO-LONG-1,x,\n"
    assert wrong(text) == [
        (2, "place", "pattern"),
        (3, "size", "pattern"),
        (4, "place", "missing"),
        (4, "size", "missing"),
        (5, "note", "too-long"),
        (6, None, "too-many-cells"),
        (8, "place", "too-long"),
        (8, "size", "pattern"),
    ]
    table = parse_table(text.encode(), PlaceRow)
    assert [row.value.place for row in table.rows] == ["GOOD"]
    assert table.count == 7


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "columns-not-known"),
        (b"place,size\n", "no-rows"),
        (b"place,size,colour\nA,1,red\n", "columns-not-known"),
        (b"place,note\nA,x\n", "columns-not-known"),
        (b"place,size,place\nA,1,B\n", "columns-not-known"),
        ("place,size,note\nA,1,ψυχρό\n".encode("cp1253"), "not-utf-8"),
        (b"place,size\nA\x00,1\n", "character-not-allowed"),
        (b'place,size\n"A,1\n', "malformed-csv"),
        (b'place,size\n"A"B,1\n', "malformed-csv"),
        (b"place,size\n" + b"A,1\n" * 11, "too-many-rows"),
        (b"a," * 200 + b"\n1\n", "columns-not-known"),
    ],
)
def test_what_is_no_table_of_this_kind_is_refused_as_a_whole(body: bytes, code: str) -> None:
    with pytest.raises(Problem) as refused:
        parse_table(body, PlaceRow, rows_max=10)
    assert (refused.value.status, refused.value.code) == (422, code)


def test_a_file_in_another_encoding_is_refused_with_the_row_where_it_shows() -> None:
    with pytest.raises(Problem, match="row 3"):
        parse_table("place,size,note\nA,1,x\nB,2,κρύο\n".encode("iso8859-7"), PlaceRow)


def test_unknown_missing_and_repeated_columns_are_all_named() -> None:
    with pytest.raises(Problem) as refused:
        parse_table(b"place,colour,place\nA,red,B\n", PlaceRow)
    named = [(one.pointer, one.code) for one in refused.value.errors]
    assert named == [
        ("/columns/2", "column-unknown"), ("/columns/3", "column-repeated"), ("/columns", "column-missing"),
    ]  # fmt: skip


def test_a_refusal_points_at_the_first_wrong_row_and_tells_all() -> None:
    problems = [RowProblem(9, "size", "too-large", "Too large."), RowProblem(4, None, "known", "Known.")]
    refused = refusal_of([*problems, RowProblem(4, "size", "odd", "Odd.")], 20)
    assert (refused.code, refused.pointer) == ("rows-refused", "/rows/4")
    assert refused.extra == report_of([*problems, RowProblem(4, "size", "odd", "Odd.")], 20)
    assert (refused.extra["rows"], refused.extra["rows_refused"]) == (20, 2)
    told = refused.extra["refused"]
    assert isinstance(told, list)
    assert [(one["row"], one["column"]) for one in told] == [(4, None), (4, "size"), (9, "size")]


@given(st.binary(max_size=300))
def test_whatever_bytes_come_the_answer_is_a_table_or_a_problem(body: bytes) -> None:
    try:
        table = parse_table(b"place,size,note\n" + body, PlaceRow)
    except Problem:
        return
    assert table.count == len({*(row.number for row in table.rows), *(one.row for one in table.problems)})


@given(st.lists(st.tuples(st.text("AB12-", min_size=1, max_size=8), st.integers(0, 10**6)), min_size=1, max_size=20))
def test_what_is_written_is_read(rows: list[tuple[str, int]]) -> None:
    text = "place,size\n" + "".join(f'"{place}",{size}\n' for place, size in rows)
    assert [(place, size) for _, place, size, _ in read(text)] == [(place, str(size)) for place, size in rows]
