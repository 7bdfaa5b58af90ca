"""The rules that can be read off the files. Importing this knows them all."""

from tests.architecture.rules import arrows, corridor, insides, rooms, tidy

__all__ = ["arrows", "corridor", "insides", "rooms", "tidy"]
