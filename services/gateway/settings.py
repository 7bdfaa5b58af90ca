"""What the gateway adds to every service's settings."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import AliasChoices, Field
from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings
from services.gateway.tokens import Provider


def _address(department: str) -> AliasChoices:
    return AliasChoices(f"GATEWAY_{department}_ADDRESS", f"GATEWAY_{department}_URL")


class GatewaySettings(ServiceSettings):
    """Addresses of the departments and the bounds of the front door (`GATEWAY_…`)."""

    service: ClassVar[str] = "gateway"
    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    ledger_address: str | None = Field(default=None, validation_alias=_address("LEDGER"))
    """`http://host:port`; a department without an address answers 503."""
    inventory_address: str | None = Field(default=None, validation_alias=_address("INVENTORY"))
    payroll_address: str | None = Field(default=None, validation_alias=_address("PAYROLL"))
    documents_address: str | None = Field(default=None, validation_alias=_address("DOCUMENTS"))

    key_pepper_file: Path | None = None
    """Secret under which API keys are hashed, newest line first; the installation's internal secret when not set."""
    key_poll_s: float = Field(default=1.0, gt=0, le=10)
    """How often keys are compared with the database: a revoked key opens nothing after about this long."""

    access_token_life_s: int = Field(default=300, ge=30, le=3_600)
    """How long a token is good for that a system gets for its key."""
    oidc_providers: list[Provider] = Field(default_factory=list)
    """OpenID providers whose people may enter, as JSON: name, issuer, audience, and what their claims grant."""

    batch_events_max: int = Field(default=500, ge=1, le=5_000)

    client_events_per_s: float = Field(default=10_000.0, gt=0)
    """What one key may send in one process, events and other requests together, unless its own limits say otherwise."""
    client_burst_events: int = Field(default=20_000, ge=1)
    client_in_flight_events: int = Field(default=2_000, ge=1)
    """Events of one key that may wait for their commit at once."""
    backlog_s: float = Field(default=10.0, gt=0)
    """Work that may wait for a department that works, before no more is accepted than it gets done."""

    department_connect_s: float = Field(default=1.0, gt=0)
    department_answer_s: float = Field(default=15.0, gt=0)
    """How long a department may take to begin its answer."""
    department_connections: int = Field(default=64, ge=1)

    stream_queue_events: int = Field(default=2_000, ge=10)
    """Events that may wait for one reader of a stream; a slower one is dropped and resumes by its token."""
    stream_heartbeat_s: float = Field(default=15.0, gt=0)
    streams_max: int = Field(default=500, ge=1)
    """Readers of streams in one process."""
    freshness_s: float = Field(default=2.0, gt=0)
    """How often the ends of the topics are noted, which is how "as of" is known."""

    def addresses(self) -> dict[str, str | None]:
        """Where each department's own API is."""
        return {
            "ledger": self.ledger_address,
            "inventory": self.inventory_address,
            "payroll": self.payroll_address,
            "documents": self.documents_address,
        }
