"""Tables that people bring as files: CSV, read row by row, with everything that is wrong named by row, column and rule.

The columns of a table are the fields of a pydantic model, so a cell obeys the rule of the same field in a JSON body::

    class PlaceRow(BaseModel):
        model_config = ConfigDict(extra="forbid", frozen=True)
        place: Code
        name: Name
        note: Name | None = None            # a field with a default is a column that may be missing, or a cell empty

    @router.post("/imports/places", status_code=201, openapi_extra=csv_body(PlaceRow))
    async def import_places(
        company: str, call: Write, request: Request, wrong_rows: WrongRows = "refuse", dry_run: DryRun = False
    ) -> Response:
        table = await read_table(request, PlaceRow)
        command = ImportPlaces(call.cause(company), table.rows, table.problems, skip=wrong_rows == "skip")
        return await call.run(handlers.import_places, command, dry_run=dry_run, with_events=False)

The handler adds the problems that only it can see (`RowProblem(row.number, "place", "place-exists", …)`), and answers:
`refusal_of(problems, rows)` when there are any and none may be skipped, else `report_of(…)` within its own answer.

A file is UTF-8, with or without a byte order mark; cells are parted by commas, semicolons or tabs, whichever the first
row shows; it names the columns, in any order. Rows are counted as a spreadsheet counts them: the first is 1. Quoted
cells may hold line breaks. Blank rows are passed over. Spaces around a cell are no part of it; an empty cell is none.
Nothing is guessed: a decimal comma, a date in another form or a file in another encoding is a problem, not a value.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar

from fastapi import Query
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from chassis.errors import Fault, Problem, Refused
from chassis.form import read_body
from chassis.strict_json import rule

ROWS_MAX = 10_000
CELL_CHARS_MAX = 2_000
COLUMNS_MAX = 100
REPORTED_MAX = 500
"""So many problems are told one by one; how many rows are wrong is told in any case."""
DELIMITERS = ",;\t"
MEDIA_TYPE = "text/csv"

WrongRows = Annotated[
    Literal["refuse", "skip"],
    Query(description="refuse: one wrong row, and nothing is taken; skip: all but the wrong rows are."),
]
DryRun = Annotated[bool, Query(description="Say what would be taken and refused, and write nothing.")]
T = TypeVar("T", bound=BaseModel)


class RowProblem(NamedTuple):
    """What is wrong with a row: in which column, if it is one, by which rule, in words."""

    row: int
    column: str | None
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """A row that can be read."""

    number: int
    """As a spreadsheet counts; the names of the columns are row 1."""
    value: T


@dataclass(frozen=True, slots=True)
class Table(Generic[T]):
    """A file as it was read: its good rows, what is wrong with the others, and how many there are of both."""

    rows: Sequence[Row[T]]
    problems: Sequence[RowProblem]
    count: int


async def read_table(request: Request, model: type[T], *, rows_max: int = ROWS_MAX) -> Table[T]:
    """The body of a request. Raises Problem: 415 unless it is CSV, 422 for what is no table of this kind, 408, 413.

    The request's hash is then over the bytes of the file, so the same key with another file is refused.
    """
    types = request.headers.getlist("content-type")
    media_type, _, parameters = types[0].partition(";") if len(types) == 1 else ("", "", "")
    charset = parameters.lower().partition("charset=")[2].partition(";")[0].strip().strip('"')
    if media_type.strip().lower() != MEDIA_TYPE or charset not in {"", "utf-8", "utf8"}:
        raise Problem(415, "media-type-not-supported", f"The body must be {MEDIA_TYPE} in UTF-8.")
    if request.headers.get("content-encoding", "identity") not in {"", "identity"}:
        raise Problem(415, "content-encoding-not-supported", "The body must not be compressed.")
    body = await read_body(request)
    request.state.json = sha256(body).hexdigest()
    return parse_table(body, model, rows_max=rows_max)


def parse_table(body: bytes, model: type[T], *, rows_max: int = ROWS_MAX) -> Table[T]:
    """A table from the bytes of a file. Raises Problem 422 for what is no table of this kind."""
    lines = _lines(body)
    try:
        names = next(lines, (1, []))[1]
        columns = _columns(names, model)
        rows: list[Row[T]] = []
        problems: list[RowProblem] = []
        count = 0
        for number, cells in lines:
            count += 1
            if count > rows_max:
                raise _no_table("too-many-rows", f"A file may have at most {rows_max} rows; part it into several.")
            read = _row(number, cells, columns, model)
            if isinstance(read, Row):
                rows.append(read)
            else:
                problems += read
    except csv.Error as broken:
        raise _no_table("malformed-csv", f"The file cannot be read as CSV: {broken}.") from None
    if not count:
        raise _no_table("no-rows", "The file has no rows below the names of its columns.")
    return Table(rows, problems, count)


def csv_body(model: type[BaseModel]) -> dict[str, Any]:
    """What a route says of such a body in its OpenAPI document (`openapi_extra`)."""
    fields = model.model_fields
    needed = [name for name, field in fields.items() if field.is_required()]
    about = [f"{name}{'' if name in needed else ' (may be missing)'}" for name in fields]
    example = ",".join(fields) + "\n"
    schema = {"type": "string", "description": f"Columns: {', '.join(about)}."}
    return {"requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": schema, "example": example}}}}


def by_row(problems: Sequence[RowProblem]) -> list[RowProblem]:
    """By row; within a row as they were found."""
    return sorted(problems, key=lambda problem: problem.row)


def report_of(problems: Sequence[RowProblem], rows: int) -> dict[str, object]:
    """How many rows there were, how many are refused, and why: for an answer's body."""
    told = [problem._asdict() for problem in by_row(problems)[:REPORTED_MAX]]
    return {"rows": rows, "rows_refused": len({problem.row for problem in problems}), "refused": told}


def is_refused(problems: Sequence[RowProblem], taken: int, *, skip: bool) -> bool:
    """Whether nothing of the file is taken; `taken` is how many of its rows could be."""
    return bool(problems) and not (skip and taken)


def count_of(rows: Sequence[object], problems: Sequence[RowProblem]) -> int:
    """How many rows a file has: those that can be read, and those that cannot (`problems` of the reading alone)."""
    return len(rows) + len({problem.row for problem in problems})


def refusal_of(problems: Sequence[RowProblem], rows: int) -> Refused:
    """Nothing is taken because of these; there is at least one. Its errors name the first, `refused` names all."""
    first, wrong = by_row(problems)[0], len({problem.row for problem in problems})
    place = f"/rows/{first.row}" + (f"/{first.column}" if first.column else "")
    detail = f"{wrong} of {rows} rows cannot be taken, so none is. Row {first.row}: {first.detail}"
    return Refused("rows-refused", detail, place, extra=report_of(problems, rows))


def _lines(body: bytes) -> Iterator[tuple[int, list[str]]]:
    """Row by row with its number, blank ones left out. Raises csv.Error, and Problem 422 for another encoding."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        row = body.count(b"\n", 0, wrong.start) + 1
        raise _no_table("not-utf-8", f"The file is not in UTF-8: row {row} has a byte that cannot be read.") from None
    if "\x00" in text:
        raise _no_table("character-not-allowed", "The file holds the character NUL.")
    first = text.lstrip().partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    for number, cells in enumerate(reader, 1):
        stripped = [cell.strip() for cell in cells]
        if any(stripped):
            yield number, stripped


def _columns(names: Sequence[str], model: type[BaseModel]) -> Sequence[str]:
    """The columns of the file. Raises Problem 422 for one that is not known, missing, or there twice."""
    fields = model.model_fields
    faults = [
        Fault(f"/columns/{at}", "column-unknown", f"There is no column {name[:64]!r}; known are {', '.join(fields)}.")
        for at, name in enumerate(names[:COLUMNS_MAX], 1)
        if name not in fields
    ]
    faults += [
        Fault(f"/columns/{at}", "column-repeated", f"The column {name} is there twice.")
        for at, name in enumerate(names[:COLUMNS_MAX], 1)
        if name in names[: at - 1]
    ]
    faults += [
        Fault("/columns", "column-missing", f"The column {name} is missing.")
        for name, field in fields.items()
        if field.is_required() and name not in names
    ]
    if faults or len(names) > COLUMNS_MAX:
        raise Problem(422, "columns-not-known", "The first row does not name the columns of this table.", faults[:20])
    return names


def _row(number: int, cells: Sequence[str], columns: Sequence[str], model: type[T]) -> Row[T] | list[RowProblem]:
    if len(cells) > len(columns):
        return [
            RowProblem(number, None, "too-many-cells", f"The row has {len(cells)} cells for {len(columns)} columns.")
        ]
    filled = {name: cell for name, cell in zip(columns, cells, strict=False) if cell}
    long = [name for name, cell in filled.items() if len(cell) > CELL_CHARS_MAX]
    if long:
        return [
            RowProblem(number, name, "too-long", f"A cell has at most {CELL_CHARS_MAX} characters.") for name in long
        ]
    try:
        return Row(number, model.model_validate(filled))
    except ValidationError as wrong:
        return [_problem(number, error) for error in wrong.errors(include_url=False, include_input=False)]


def _problem(number: int, error: Mapping[str, Any]) -> RowProblem:
    column = str(error["loc"][0]) if error["loc"] else None
    detail = str(error["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return RowProblem(number, column, rule(str(error["type"])), detail[:300])


def _no_table(code: str, detail: str) -> Problem:
    return Problem(422, code, detail)
