"""Numbers of GS1 that the house reads and makes: how their last digit checks the others."""

import re

SSCC_PATTERN = r"^[0-9]{18}$"
"""A serial shipping container code: extension digit, company prefix and serial number, check digit."""


def check_digit(digits: str) -> str:
    """The GS1 check digit of what stands before it (modulo 10, weights 3 and 1 from the right)."""
    total = sum(int(digit) * (3 if n % 2 == 0 else 1) for n, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def is_sscc(value: str) -> bool:
    """Whether this is a serial shipping container code (GS1 General Specifications, 2.2.1)."""
    return re.fullmatch(SSCC_PATTERN, value) is not None and check_digit(value[:-1]) == value[-1]
