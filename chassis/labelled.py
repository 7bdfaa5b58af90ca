"""A metric some of whose labels are known."""

from __future__ import annotations

from typing import Any


class Labelled:
    """A metric whose first labels are known; children are kept, because looking one up costs more than counting."""

    def __init__(self, metric: Any, own: tuple[str, ...]) -> None:
        self._metric = metric
        self._own = own
        self._children: dict[tuple[str, ...], Any] = {}

    def labels(self, *values: str) -> Any:
        """The child with these further labels."""
        child = self._children.get(values)
        if child is None:
            child = self._children[values] = self._metric.labels(*self._own, *values)
        return child
