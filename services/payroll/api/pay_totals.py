"""What pay comes to, for who may see sums and nobody's pay."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from chassis.http import Reading, Router, read
from services.payroll.api.pay_doors import Desk, log
from services.payroll.api.pay_terms import MonthOf
from services.payroll.domain.rights import BY_NAME, DIRECTOR, OFFICER
from services.payroll.queries import pay_totals as queries

router = Router(prefix="/v1/companies/{company}", tags=["pay"])
Director = Annotated[Reading, Depends(read(DIRECTOR, OFFICER, by_name=BY_NAME))]


@router.get("/pay-totals")
async def show_totals(
    company: str,
    reading: Director,
    desk: Desk,
    since: Annotated[MonthOf, Query(description="The first month.")],
    until: Annotated[MonthOf, Query(description="The last month.")],
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> queries.TotalsPage:
    """What the approved runs of some months come to, by cost centre: sums of three people at least."""
    await log(reading, company, "sums of runs")
    async with reading.connection(company) as connection:
        return await queries.totals(connection, desk.vault, company, since, until, limit)
