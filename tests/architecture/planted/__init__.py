"""Planted violations, which every rule must find, and innocent code, which it must pass over."""

from tests.architecture.planted import arrows, corridor, insides, rooms, tidy
from tests.architecture.planted.case import Case

PLANTED: list[Case] = [*arrows.PLANTED, *rooms.PLANTED, *insides.PLANTED, *corridor.PLANTED, *tidy.PLANTED]
INNOCENT: list[Case] = [*arrows.INNOCENT, *rooms.INNOCENT, *insides.INNOCENT, *corridor.INNOCENT, *tidy.INNOCENT]

__all__ = ["INNOCENT", "PLANTED", "Case"]
