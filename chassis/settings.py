"""Settings that every service has. A service adds its own in its `settings.py`; every bound names its unit."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class StackSettings(BaseSettings):
    """What all services of one installation share."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    kafka_replication: int = Field(default=1, ge=1, le=9)
    """Copies of each topic: when it is provisioned, and when a relay makes it anew on a cluster that lost it."""
    backbone_internal_secret_file: Path | None = None
    """File with the secret that signs internal tokens; without it the department APIs refuse every call."""
    backbone_faults: str = ""
    backbone_trace_ratio: float = Field(default=0.01, ge=0, le=1)
    """Share of front-office requests whose events are traced one by one (a span costs tens of microseconds)."""
    otel_exporter_otlp_endpoint: str | None = None


class MigrationSettings(BaseSettings):
    """All that a migration needs to know; a running service never sees it (`LEDGER_MIGRATION_URL`)."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    migration_url: SecretStr | None = None
    """Owner role."""

    @classmethod
    def from_environment(cls, service: str) -> Self:
        """Read the environment under a service's prefix; what is not set is None."""
        return cls(_env_prefix=f"{service.upper()}_")


class ServiceSettings(BaseSettings):
    """Base of each service's settings; the environment prefix is the service's name (`LEDGER_HTTP_PORT`)."""

    service: ClassVar[str]
    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: SecretStr
    """Runtime role: owns nothing, cannot bypass row-level security."""
    relay_url: SecretStr
    """Relay and operator role: reads the outbox and what is held, of all companies."""

    http_host: str = "127.0.0.1"
    http_port: int = Field(default=0, ge=0, le=65_535)
    replica: int = Field(default=0, ge=0)
    """Number of this replica; names the static member of the consumer group."""

    database_connections: int = Field(default=8, ge=2, le=100)
    statement_timeout_ms: int = Field(default=30_000, ge=100)
    batch_records_max: int = Field(default=500, ge=1, le=5_000)
    poll_ms: int = Field(default=500, ge=1, le=1_000)
    """How long a look at what Kafka has brought lasts when nothing comes; what comes ends it at once."""
    session_timeout_ms: int = Field(default=10_000, ge=6_000)
    """A static member that does not come back within this time loses its partitions."""
    relay_batch_rows: int = Field(default=1_000, ge=1)
    relay_poll_ms: int = Field(default=25, ge=1)
    """How long the relay rests when other processes write its outbox."""
    relay_net_ms: int = Field(default=250, ge=1)
    """The same while only its own process writes and wakes it: the net below the signal."""
    event_bytes_max: int = Field(default=262_144, ge=1_024)
    """An event above this is refused before the commit, so that no row can be unsendable."""
    held_alarm_s: float = Field(default=3_600.0, gt=0)
    """An event that is held for longer than this raises the alarm `held-too-long`, whatever it waits for."""
    drain_s: float = Field(default=10.0, gt=0)
    """After SIGTERM: how long running work may take to finish."""
    group_items_max: int = Field(default=200, ge=1)
    """HTTP commands that share one commit at most."""

    stack: StackSettings = Field(default_factory=StackSettings)

    @classmethod
    def from_environment(cls) -> Self:
        """Read the environment under this service's prefix; pydantic's ValidationError names what is missing."""
        return cls(_env_prefix=f"{cls.service.upper()}_")
