"""Training as others hear of it: who completed what, which certificates run out, what departments bear."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from chassis.ids import UUID
from contracts.money import from_minor
from contracts.payroll import CertificateExpired, CertificateExpiring, TrainingCompleted, TrainingCostIncurred
from services.payroll.domain.training import Certificate, Session, Share
from services.payroll.translate import Fact


def training_completed(one: Certificate, session: uuid.UUID) -> Fact:
    """Somebody has passed a course. Who failed is nobody's business."""
    return (
        TrainingCompleted,
        UUID(one.employee.hex),
        {
            "employee": one.employee,
            "course": one.course,
            "session": session,
            "completed_on": one.issued_on,
            "certificate": one.certificate,
            "valid_until": one.valid_until,
        },
    )


def certificate_expiring(one: Certificate, manager: uuid.UUID | None, days: int) -> Fact:
    """A certificate runs out soon: to the person and their manager."""
    return CertificateExpiring, UUID(one.employee.hex), _about(one, manager) | {"days": days}


def certificate_expired(one: Certificate, manager: uuid.UUID | None) -> Fact:
    """A certificate has run out: what needs it may have to stop."""
    return CertificateExpired, UUID(one.employee.hex), _about(one, manager)


def _about(one: Certificate, manager: uuid.UUID | None) -> dict[str, object]:
    return {
        "employee": one.employee,
        "manager": manager,
        "certificate": one.certificate,
        "course": one.course,
        "valid_until": one.valid_until,
    }


def training_cost_incurred(session: Session, shares: Sequence[Share]) -> Fact:
    """What a session cost the departments of those who had a seat."""
    return (
        TrainingCostIncurred,
        UUID(session.session.hex),
        {
            "session": session.session,
            "course": session.course,
            "held_on": session.held_on,
            "shares": [
                {
                    "department": share.department,
                    "cost_centre": share.cost_centre,
                    "participants": share.participants,
                    "cost": {"amount": from_minor(share.minor, session.currency), "currency": session.currency},
                }
                for share in shares
            ],
        },
    )
