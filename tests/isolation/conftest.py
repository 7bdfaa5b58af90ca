"""The departments, each on a database of its own, and the gateway in front of two of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from chassis.migrating import migrate
from chassis.service import Service
from chassis.settings import ServiceSettings, StackSettings
from deploy.local.postgres import DatabaseUrls
from tests.support.department import SECRET, Department
from tests.support.stack import TestPostgres

NAMES = ("ledger", "inventory", "payroll", "documents")
Build = Callable[[Any, Sequence[str]], Service]
MakeDepartment = Callable[[str], tuple[Department, Build]]


@pytest.fixture(scope="session")
def make_department(postgres_server: TestPostgres, tmp_path_factory: pytest.TempPathFactory) -> MakeDepartment:
    """Makes a department by its name, on a migrated database, with what builds its service."""
    folder = tmp_path_factory.mktemp("isolation")
    secret = folder / "secret"
    secret.write_text(SECRET)
    databases: dict[str, DatabaseUrls] = {}

    def make(name: str) -> tuple[Department, Build]:
        if name not in databases:
            databases[name] = postgres_server.create_database(name)
            with ThreadPoolExecutor(1) as thread:
                thread.submit(migrate, name, databases[name].migration_url).result()
        urls = databases[name]
        stack = StackSettings(kafka_bootstrap_servers="127.0.0.1:1", backbone_internal_secret_file=secret)
        more = _more(name, folder)
        settings = _settings(name)(database_url=urls.database_url, relay_url=urls.relay_url, stack=stack, **more)
        consumers = import_module(f"services.{name}.consumers").consumers
        return Department(urls, postgres_server, settings, consumers), import_module(f"services.{name}.main").build

    return make


def _settings(name: str) -> type[ServiceSettings]:
    module = import_module(f"services.{name}.settings")
    found: list[type[ServiceSettings]] = [
        one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, ServiceSettings) and one is not ServiceSettings
    ]
    return found[0]


def _more(name: str, folder: Path) -> dict[str, Any]:
    """What a department needs beside a database."""
    if name == "documents":
        (folder / "files").mkdir(exist_ok=True)
        return {"store_dir": folder / "files"}
    return {}
