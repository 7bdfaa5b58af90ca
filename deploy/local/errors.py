"""Why a stack could not do what it was asked; every text says what happened and what to do or where to look."""


class StackFailed(RuntimeError):
    """Something of the stack could not be started, used or ended."""


class JarsMissing(StackFailed):
    """Kafka's jars could not be resolved."""


class JarsRefused(StackFailed):
    """Kafka's jars are not the pinned ones; nothing was run."""


class PostgresNotPossible(StackFailed):
    """PostgreSQL cannot run here as we are."""


class NoFreePort(StackFailed):
    """No port of the range could be bound."""
