"""What is said about credit."""

from __future__ import annotations

from datetime import date

from contracts.ledger import CreditApproved, CreditCheckRequired, CreditHeld
from contracts.money import MINOR_UNITS, WHOLE_DIGITS_MAX, from_minor
from services.ledger.domain.exposure import Held
from services.ledger.translate.emission import Emission, of_revision, present


def credit_check_required(company: str, valid_from: date) -> Emission:
    """From now on every order of the company waits for an answer."""
    return CreditCheckRequired, company, {"company": company, "valid_from": valid_from}


def credit_approved(
    one: Held, because: str, exposure: int, limit: int | None, currency: str, remark: str | None = None
) -> Emission:
    """The order may get stock."""
    data = _about(one, exposure, currency) | {"because": because, "limit": _told(limit, currency)}
    return CreditApproved, one.order, data | present(remark=remark) | of_revision(one.revision)


def credit_held(one: Held, exposure: int, limit: int, currency: str, lacking: str | None = None) -> Emission:
    """The order waits, and why; `lacking` is the currency without whose rate nobody can say whether it fits."""
    about = _about(one, exposure, currency)
    detail = (
        f"{one.customer} owes and has ordered {about['exposure']} {currency}; with {about['amount']} {currency} more "
        f"the limit of {_told(limit, currency)} {currency} is passed."
    )
    if lacking is not None:
        detail = f"There is no rate of {lacking}: whether the order is within the limit of {one.customer} is not known."
    more = {"limit": _told(limit, currency), "detail": detail, **of_revision(one.revision)}
    return CreditHeld, one.order, about | more


def credit_answer(one: Held, exposure: int, limit: int | None, currency: str) -> dict[str, object]:
    """What who lets an order pass is told."""
    about = _about(one, exposure, currency) | {"order": str(one.order), "revision": one.revision}
    return {**about, "limit": _told(limit, currency), "because": "released"}


def _about(one: Held, exposure: int, currency: str) -> dict[str, object]:
    return {
        "order": one.order,
        "customer": one.customer,
        "currency": currency,
        "amount": _told(one.amount, currency),
        "exposure": _told(exposure, currency),
    }


def _told(minor: int | None, currency: str) -> str | None:
    """An amount; a sum that is longer than an amount may be is told as the longest."""
    if minor is None:
        return None
    longest = 10 ** (WHOLE_DIGITS_MAX + MINOR_UNITS[currency]) - 1
    return from_minor(max(-longest, min(minor, longest)), currency)
