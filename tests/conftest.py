"""The test suite's root: loads the support plugins, and says that a busy machine is no fault of a test."""

import gc

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.support.stack"]

settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")


def pytest_collection_finish() -> None:
    """What is imported and collected by now stays to the end: no collection needs to walk through it again."""
    gc.freeze()
