"""Bounds of quantities. All of them are whole millionths (micro-units), so that sums are exact and fit a BIGINT."""

MICRO = 1_000_000
RECEIVED_MAX = 1_000_000_000 * MICRO
"""Of one item in one receipt: what a quantity on the wire can say."""
ON_HAND_MAX = 1_000_000_000_000 * MICRO - 1
"""Of one item in one warehouse: what a stock level on the wire can say, with nine tenths of a BIGINT to spare."""
TRANSIT = "TRANSIT"
"""Where goods are between two warehouses: on hand, and promised to nobody. No warehouse of a company has this code."""
DEFAULT_WAREHOUSE = "MAIN"
"""Where orders are served from. Every item has a stock level here from its definition on."""


def plain(micro: int) -> str:
    """A quantity for a sentence: 2500000 is "2.5"."""
    whole, rest = divmod(micro, MICRO)
    return f"{whole}.{rest:06d}".rstrip("0") if rest else str(whole)
