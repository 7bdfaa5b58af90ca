"""The test suite's root: loads the support plugins, nothing else."""

pytest_plugins = ["tests.support.stack"]
