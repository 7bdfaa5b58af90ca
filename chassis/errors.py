"""The corridor's whole vocabulary of endings, and the problem documents that HTTP callers get (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule said no: a business answer that handlers return, never raise.

    `code` is stable and kebab-case, `detail` a sentence for people, `pointer` the JSON pointer of the field at fault.
    `status` is the answer on a department's own HTTP door (409 for a state, 422 for a value).
    """

    code: str
    detail: str
    pointer: str | None = None
    status: int = 422
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A stated precondition is missing (an unknown company): the key is held and tried again until patience ends."""

    precondition: str
    patience_s: int = 86_400


Outcome = Refused | Waiting | None
Outcomes = Sequence[Outcome] | None
"""What a Kafka-driven handler says per event, in their order; `None` for the whole means that all were applied."""


class Transient(Exception):
    """Something that will pass (connection, deadlock, serialization): the whole batch is tried again, with back-off."""


class Poison(Exception):
    """An event that can never be applied as it stands: its key is held, others flow on."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a request: where (JSON pointer), which rule, in words."""

    pointer: str
    code: str
    detail: str


class Problem(Exception):
    """An HTTP refusal, rendered as `application/problem+json`. Raised at HTTP doors only."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Sequence[Fault] = (),
        *,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})

    def document(self, instance: str | None = None) -> dict[str, object]:
        """The body of RFC 9457: `type` is a relative reference that names the rule, never an outside address."""
        body: dict[str, object] = {
            "type": f"/problems/{self.code}",
            "title": self.code.replace("-", " ").capitalize(),
            "status": self.status,
            "detail": self.detail,
        }
        if instance is not None:
            body["instance"] = instance
        if self.errors:
            body["errors"] = [{"pointer": e.pointer, "code": e.code, "detail": e.detail} for e in self.errors]
        return body | self.extra


def problem_of(refused: Refused) -> Problem:
    """The HTTP form of a business refusal."""
    errors = [Fault(refused.pointer, refused.code, refused.detail)] if refused.pointer is not None else []
    return Problem(refused.status, refused.code, refused.detail, errors, extra=refused.extra)


def overloaded() -> Problem:
    """503: this caller is within its limits, but there is more to do than can be done."""
    detail = "More is sent than can be worked on just now; nothing was taken."
    return Problem(503, "overloaded", detail, headers={"Retry-After": "2"})
