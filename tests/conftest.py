"""The test suite's root: loads the support plugins, and says that a busy machine is no fault of a test."""

import gc

import structlog
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.support.stack"]

settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")

# Left alone, structlog draws a logged error in a box with every variable of every frame, which takes seconds each time.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


def pytest_collection_finish() -> None:
    """What is imported and collected by now stays to the end: no collection needs to walk through it again."""
    gc.freeze()
