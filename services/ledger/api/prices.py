"""Price lists: defined, priced from days on, and what an item costs a customer."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import Field
from starlette.responses import Response

from chassis.errors import Fault, Problem
from chassis.http import Reading, Router, read
from chassis.tables import DryRun, WrongRows, csv_body, read_table
from contracts.base import CurrencyCode, Name, Quantity, Reference, Sku, UnitPrice
from contracts.ledger_parts import PriceListCode
from contracts.money import to_micro
from services.ledger import handlers
from services.ledger.api.importing import ROWS_MAX, Row
from services.ledger.api.inputs import Body, Day, Limit, Read, Write, found
from services.ledger.api.setup import CurrencyInUse
from services.ledger.commands import AnnouncePrices, DefinePriceList
from services.ledger.domain.prices import ListedPrice
from services.ledger.queries import prices

AFTER_CHARS_MAX = 100

router = Router(prefix="/v1/companies/{company}", tags=["ledger"])

MayAskPrices = Annotated[Reading, Depends(read("ledger:prices"))]
"""A front office asks for prices without a right to look into the books."""


class PriceListBody(Body):
    """A list of prices in one currency; the usual one holds for customers who have none of their own."""

    price_list: PriceListCode
    name: Name
    currency: CurrencyInUse
    usual: bool = False


class PriceBody(Body):
    """What an item costs before tax, from a quantity and a day on; null is no price any more."""

    item: Sku
    unit_price: UnitPrice | None
    valid_from: Day
    from_quantity: Quantity | None = None


class PricesBody(Body):
    """Prices to say together: all of them or none."""

    prices: Annotated[list[PriceBody], Field(min_length=1, max_length=500)]


class PriceRow(Row):
    """The same as a row; an empty price is none any more."""

    item: Sku
    valid_from: Day
    unit_price: UnitPrice | None = None
    from_quantity: Quantity | None = None


@router.post("/price-lists", status_code=201)
async def define_price_list(company: str, body: PriceListBody, call: Write) -> Response:
    """Keep a list of prices."""
    command = DefinePriceList(
        company, body.price_list, body.name, body.currency, body.usual, call.cause(company)
    )  # fmt: skip
    return await call.run(handlers.define_price_lists, command)


@router.post("/price-lists/{price_list}/prices", status_code=201)
async def announce_prices(company: str, price_list: str, body: PricesBody, call: Write) -> Response:
    """Say what items cost from days on, ahead or late: the latest day counts, and of one day the last word."""
    rows = [(place, _listed(one)) for place, one in enumerate(body.prices)]
    command = AnnouncePrices(company, price_list, rows, call.cause(company))
    return await call.run(handlers.announce_prices, command)


@router.post("/imports/prices", status_code=201, openapi_extra=csv_body(PriceRow), tags=["import"])
async def import_prices(
    company: str,
    call: Write,
    request: Request,
    price_list: Annotated[PriceListCode, Query(description="The list that the prices are for.")],
    wrong_rows: WrongRows = "refuse",
    dry_run: DryRun = False,
) -> Response:
    """Say what up to 5,000 items of a list cost from days on."""
    table = await read_table(request, PriceRow, rows_max=ROWS_MAX)
    rows = [(row.number, _listed(row.value)) for row in table.rows]
    command = AnnouncePrices(
        company, price_list, rows, call.cause(company), table.problems, skip=wrong_rows == "skip", is_file=True
    )
    return await call.run(handlers.announce_prices, command, dry_run=dry_run, with_events=False)


def _listed(one: PriceBody | PriceRow) -> ListedPrice:
    quantity = 0 if one.from_quantity is None else to_micro(one.from_quantity)
    return ListedPrice(one.item, quantity, one.valid_from, one.unit_price)


@router.get("/price-lists")
async def list_price_lists(
    company: str,
    reading: Read,
    after: Annotated[str, Query(max_length=AFTER_CHARS_MAX, description="`next` of the page before.")] = "",
    limit: Limit = 50,
) -> prices.PriceListsAnswer:
    """The lists, by code."""
    async with reading.connection(company) as connection:
        return await prices.price_lists(connection, company, after=after, limit=limit)


@router.get("/price-lists/{price_list}")
async def show_price_list(
    company: str,
    price_list: str,
    reading: Read,
    on: Annotated[Day | None, Query(description="As it says on this day; without it, today.")] = None,
    after: Annotated[str | None, Query(max_length=AFTER_CHARS_MAX, description="`next` of the page before.")] = None,
    limit: Limit = 50,
) -> prices.PricesAnswer:
    """What a list says on a day, by item and quantity."""
    try:
        begin = prices.place(after)
    except ValueError:
        fault = Fault("?after", "not-valid", "This is no `next` of a page.")
        raise Problem(422, "invalid-request", "A parameter is not valid.", [fault]) from None
    async with reading.connection(company) as connection:
        return found(
            await prices.prices(connection, company, price_list, on=on, after=begin, limit=limit), "price-list"
        )


@router.get("/prices")
async def ask_price(
    company: str,
    reading: MayAskPrices,
    item: Annotated[Sku, Query()],
    customer: Annotated[Reference | None, Query(description="Whose list holds; without it the usual one.")] = None,
    quantity: Annotated[Quantity, Query(description="Of which the price of the highest step that fits holds.")] = "1",
    currency: Annotated[CurrencyCode | None, Query(description="Without it, that of the customer's list.")] = None,
    on: Annotated[Day | None, Query(description="The day; without it, today.")] = None,
) -> prices.PriceAnswer:
    """What one unit of an item costs a customer: by its own list, else by the usual one. An order states what was
    agreed, and that is what is invoiced.
    """
    async with reading.connection(company) as connection:
        answer = await prices.price(
            connection, company, item, customer=customer, quantity=to_micro(quantity), currency=currency, on=on
        )
    if answer is None:
        raise Problem(404, "price-not-found", f"No list that holds here has a price of {item}.")
    return answer
