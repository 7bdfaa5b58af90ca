"""The checker: outside the system, it knows a history of intents, the topics, and the public APIs."""

from tests.proof.checker.checking import check
from tests.proof.checker.report import Report, Violation
from tests.proof.checker.surface import read_surface
from tests.proof.checker.topics import dump_topics

__all__ = ["Report", "Violation", "check", "dump_topics", "read_surface"]
