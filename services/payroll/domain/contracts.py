"""Contracts of work: several per person, on terms that change by the day; one post is never held by two at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from services.payroll.domain import effective
from services.payroll.domain.effective import Effective
from services.payroll.domain.employment import Forbidden, Said, Staff, fact_of

FIXED_TERM = "fixed_term"


class Post(NamedTuple):
    """A place for one person."""

    code: str
    department: str
    title: str
    opens_on: date
    last_day: date | None

    def open_on(self, day: date) -> bool:
        """Whether it exists on a day."""
        return self.opens_on <= day and (self.last_day is None or day <= self.last_day)


@dataclass(slots=True)
class Contract:
    """A contract with its terms."""

    contract: UUID
    employee: UUID
    reference: str
    post: str | None
    starts_on: date
    terms: list[Effective] = field(default_factory=list)

    def ends_on(self, left_on: date | None = None) -> date | None:
        """Its last day as it is known now: what was agreed, or the last day of the employment if that is earlier."""
        agreed = effective.on(self.terms, date.max).get("ends_on")
        days = [day for day in (agreed, left_on) if isinstance(day, date)]
        return min(days, default=None)

    def on(self, day: date) -> dict[str, object]:
        """Its terms on a day."""
        return effective.on(self.terms, day)


def in_force(contract: Contract, day: date, left_on: date | None) -> bool:
    """Whether this is a day of the contract."""
    end = contract.ends_on(left_on)
    return contract.starts_on <= day and (end is None or day <= end)


def sign(
    staff: Staff,
    posts: Mapping[str, Post],
    others: Collection[Contract],
    new: Contract,
    says: Mapping[str, object],
    now: datetime,
) -> Contract | Forbidden:
    """The contract with its first terms, or why it cannot be made. `others` are the company's contracts so far."""
    first, last = effective.begins(staff.employments[new.employee]), staff.left_on(new.employee)
    if first is None or new.starts_on < first:
        return Forbidden("contract-before-hire", f"The first day of work is {first}.", "starts_on")
    if last is not None and new.starts_on > last:
        return Forbidden("contract-after-leaving", f"The last day of work is {last}.", "starts_on")
    if any(other.employee == new.employee and other.reference == new.reference for other in others):
        return Forbidden("contract-exists", f"They have a contract {new.reference}.", "reference", conflict=True)
    new.terms = [Effective(1, new.starts_on, says, None, now)]
    return _sound(new) or _post_open(posts, new, last) or _alone(staff, others, new) or new


def amend(
    staff: Staff,
    posts: Mapping[str, Post],
    others: Collection[Contract],
    contract: Contract,
    said: Said,
    now: datetime,
) -> Effective | Forbidden:
    """The fact of other terms from a day on, or why there cannot be one."""
    made = fact_of(contract.terms, said, now)
    if isinstance(made, Forbidden):
        return made
    if made.effective_on < contract.starts_on:
        return Forbidden("amendment-before-start", f"The contract starts on {contract.starts_on}.", "effective_on")
    after = Contract(**{name: getattr(contract, name) for name in Contract.__slots__})
    after.terms = [*contract.terms, made]
    first = after.on(contract.starts_on)
    if any(first.get(needed) is None for needed in ("kind", "job_title", "weekly_hours_hundredths")):
        detail = "The first terms can be corrected and not taken back."
        return Forbidden("contract-cannot-be-withdrawn", detail, "withdraw", conflict=True)
    rest = [other for other in others if other.contract != contract.contract]
    left_on = staff.left_on(contract.employee)
    return _sound(after) or _post_open(posts, after, left_on) or _alone(staff, rest, after) or made


def _sound(contract: Contract) -> Forbidden | None:
    end = contract.ends_on()
    if end is not None and end < contract.starts_on:
        return Forbidden("contract-ends-before-start", f"It starts on {contract.starts_on}.", "ends_on")
    if end is None and any(fact.says.get("kind") == FIXED_TERM for fact in effective.known(contract.terms)[-1:]):
        return Forbidden("fixed-term-without-end", "A contract for a fixed term has a last day.", "ends_on")
    return None


def _post_open(posts: Mapping[str, Post], contract: Contract, left_on: date | None) -> Forbidden | None:
    if contract.post is None:
        return None
    post = posts.get(contract.post)
    if post is None:
        return Forbidden("post-unknown", f"There is no post {contract.post}.", "post")
    end = contract.ends_on(left_on)
    if not post.open_on(contract.starts_on) or (post.last_day is not None and (end is None or not post.open_on(end))):
        until = "" if post.last_day is None else f" until {post.last_day}"
        return Forbidden("post-not-open", f"Post {post.code} is open from {post.opens_on}{until}.", "post")
    return None


def _alone(staff: Staff, others: Collection[Contract], new: Contract) -> Forbidden | None:
    """One post is held by one contract at a time; a person without a post has one contract at a time."""
    for other in others:
        same_place = other.post == new.post if new.post is not None else (
            other.post is None and other.employee == new.employee
        )  # fmt: skip
        if same_place and _overlap(new, other, staff):
            until = other.ends_on(staff.left_on(other.employee))
            period = f"from {other.starts_on}" + ("" if until is None else f" to {until}")
            detail = f"Contract {other.reference} runs {period} on the same post."
            return Forbidden("contract-overlaps", detail, "starts_on", conflict=True)
    return None


def refusal_of_leaving(
    staff: Staff, posts: Mapping[str, Post], contracts: Collection[Contract], employee: UUID, left_on: date | None
) -> Forbidden | None:
    """Why this cannot be the last day, or none be: a contract that would run on by it is not alone on its post any
    more, or runs past the post's own end. `staff` knows the day already.
    """
    for one in contracts:
        if one.employee != employee:
            continue
        rest = [other for other in contracts if other.contract != one.contract]
        wrong = _alone(staff, rest, one) or _post_open(posts, one, left_on)
        if wrong is not None and (left_on is None or one.starts_on <= left_on):
            return Forbidden(wrong.code, f"Contract {one.reference} would run on. {wrong.detail}", "left_on", True)
    return None


def refusal_of_hire(contracts: Collection[Contract], employee: UUID, first: date | None) -> Forbidden | None:
    """Why this cannot be the first day of work: a contract begins before it."""
    for one in contracts:
        if one.employee == employee and (first is None or one.starts_on < first):
            detail = f"Contract {one.reference} starts on {one.starts_on}, before the first day of work."
            return Forbidden("contract-before-hire", detail, "effective_on", conflict=True)
    return None


def _overlap(one: Contract, other: Contract, staff: Staff) -> bool:
    one_end, other_end = one.ends_on(staff.left_on(one.employee)), other.ends_on(staff.left_on(other.employee))
    if any(end is not None and end < c.starts_on for c, end in ((one, one_end), (other, other_end))):
        return False  # its person has left before it began
    return (one_end is None or other.starts_on <= one_end) and (other_end is None or one.starts_on <= other_end)


def vacant(posts: Collection[Post], contracts: Sequence[Contract], staff: Staff, day: date) -> list[Post]:
    """The open posts that nobody holds on a day."""
    held = {c.post for c in contracts if c.post is not None and in_force(c, day, staff.left_on(c.employee))}
    return [post for post in posts if post.open_on(day) and post.code not in held]
