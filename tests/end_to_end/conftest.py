"""One whole house for all stories of this folder; it ends with them, and leaves the machine to the next."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from deploy.local.paths import StateFolder
from deploy.local.stack import LocalStack
from tests.support.stack import new_state_folder, remove_state


@pytest.fixture(scope="package")
def house_folder() -> Iterator[StateFolder]:
    """The state folder of one house."""
    folder = new_state_folder()
    yield folder
    remove_state(folder)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def house(house_folder: StateFolder) -> AsyncIterator[LocalStack]:
    """All servers and services, running."""
    async with LocalStack(house_folder.root, durable=False) as stack:
        yield stack
