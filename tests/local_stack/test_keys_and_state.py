"""What a stack keeps: every key file is told to the containers too, and removing the data leaves none of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.cleaning import remove_data
from deploy.local.paths import CHECKOUT, StateFolder

COMPOSE = (CHECKOUT / "deploy" / "compose.yaml").read_text()


@pytest.mark.parametrize("name", sorted(StateFolder().key_files()))
def test_a_key_that_a_department_needs_here_is_given_to_its_container_too(name: str) -> None:
    (line,) = [line.strip() for line in COMPOSE.splitlines() if line.strip().startswith(f"{name}:")]
    secret = line.partition("/run/secrets/")[2]
    service = name.partition("_")[0].lower()
    block = COMPOSE.partition(f"\n  {service}:\n")[2].partition("\n\n")[0]
    assert name in block, "it is another service's"
    assert f"secrets: [internal, {secret}]" in block
    declared = COMPOSE.partition("\nsecrets:\n")[2].partition("\n\n")[0]
    assert f"  {secret}:\n" in declared


def test_removing_the_data_leaves_logs_alone(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "state")
    folder.make()
    kept = folder.log("ledger")
    gone = [folder.documents / "acme" / "paper.pdf", folder.kafka(1) / "log", folder.stack_file, folder.internal_secret]
    gone += [Path(file) for file in folder.key_files().values()]
    for file in (kept, *gone):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")

    remove_data(folder)

    assert kept.exists()
    assert [file for file in gone if file.exists()] == []
    assert not folder.documents.exists()
