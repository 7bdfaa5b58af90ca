"""What inventory shows of its warehouses: every place, every move, and the documents that nobody hears of by events."""

from __future__ import annotations

from typing import Any

import httpx

from tests.proof.checker.asking import ask_json, ask_pages

SERVED_FROM = "MAIN"
"""Orders are served from this warehouse alone."""
TRANSIT = "TRANSIT"
"""Where goods are between two warehouses."""
PAGE = "500"


async def read_warehouse(client: httpx.AsyncClient, company: str) -> dict[str, Any]:
    """Stock in each place, how it came there, counts and transfers with their lines, bins. Raises NotAnswered."""
    at = f"/inventory/v1/companies/{company}"

    async def pages(path: str, rows: str, **asked: str) -> list[dict[str, Any]]:
        return await ask_pages(client, f"{at}/{path}", rows, "after", limit=PAGE, **asked)

    told: dict[str, Any] = {"stock": [], "moves": [], "bin_stock": [], "bin_moves": []}
    told["warehouses"] = [row["warehouse"] for row in await pages("warehouses", "warehouses")]
    for place in (SERVED_FROM, TRANSIT, *told["warehouses"]):
        told["stock"] += await pages("stock", "stock", warehouse=place)
        lying = [{**row, "warehouse": place} for row in await pages("bin-stock", "contents", warehouse=place)]
        told["bin_stock"] += lying
        for sku in sorted({row["sku"] for row in lying}):
            moved = await pages("bin-moves", "moves", warehouse=place, sku=sku)
            told["bin_moves"] += [{**row, "warehouse": place, "sku": sku} for row in moved]
    for sku in sorted({row["sku"] for row in told["stock"]}):
        told["moves"] += await pages(f"stock/{sku}/moves", "moves")
    for several, one in (("counts", "count"), ("transfers", "transfer")):
        heads = await pages(several, several)
        told[several] = [await ask_json(client, f"{at}/{several}/{row[one]}") for row in heads]
    told["bin_check"] = await ask_json(client, f"{at}/bin-check")
    return told
