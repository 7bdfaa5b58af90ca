"""How a house is built; houses of equal settings can stand in for each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """What `Run.house` was asked for, in a form that can be compared."""

    brokers: int = 1
    replicas: tuple[tuple[str, int], ...] = ()
    environment: tuple[tuple[str, Pairs], ...] = ()
    split: tuple[str, ...] = ()
    durable: bool = False
    listeners: bool = False
    services: tuple[str, ...] | None = None

    @classmethod
    def of(
        cls, brokers: int, replicas: Mapping[str, int] | None, environment: Mapping[str, Mapping[str, str]] | None,
        split: Sequence[str], durable: bool, listeners: bool, services: Sequence[str] | None,
    ) -> Self:  # fmt: skip
        """From what is easy to write."""
        variables = {name: tuple(sorted(pairs.items())) for name, pairs in (environment or {}).items()}
        return cls(
            brokers, tuple(sorted((replicas or {}).items())), tuple(sorted(variables.items())), tuple(sorted(split)),
            durable, listeners, None if services is None else tuple(services),
        )  # fmt: skip

    def environment_of(self, service: str) -> dict[str, str]:
        """The variables of one service's processes."""
        return dict(dict(self.environment).get(service, ()))

    def replicas_of(self, service: str) -> int:
        """How many processes of a service."""
        return dict(self.replicas).get(service, 1)
