"""`contracts/` is a package of its own: built alone, used where nothing else of the house is."""

import json
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

from contracts.asyncapi import VERSION
from contracts.generate import HERE
from contracts.registry import EVENTS

BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
USE = """
import json, sys
from contracts import envelope, published
from contracts.registry import EVENTS
for event_type, event in EVENTS.items():
    sample = published.sample(event_type)
    event.model_validate_json(sample.body)
    assert envelope.from_headers(sample.headers).type == event_type
    assert published.schema(event_type)["title"] == event_type
foreign = {name.partition(".")[0] for name in sys.modules} & {"chassis", "services", "deploy"}
print(json.dumps([len(EVENTS), published.__file__, published.asyncapi()["asyncapi"], sorted(foreign)]))
"""


def test_a_wheel_built_from_the_folder_alone_works_in_an_empty_one(tmp_path: Path) -> None:
    source, wheels, empty = tmp_path / "source", tmp_path / "wheels", tmp_path / "empty"
    shutil.copytree(HERE, source, ignore=shutil.ignore_patterns("__pycache__"))
    wheels.mkdir()
    empty.mkdir()
    _python(BUILD, str(wheels), cwd=source)
    (wheel,) = wheels.glob("*.whl")

    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(empty)
    (count, place, version, foreign) = json.loads(_python(USE, cwd=empty))

    assert wheel.name.startswith(f"backbone_contracts-{VERSION}-py3")
    assert (count, version, foreign) == (len(EVENTS), "3.0.0", [])
    assert Path(place).is_relative_to(empty)


def test_the_package_asks_for_pydantic_and_nothing_else() -> None:
    project = tomllib.loads((HERE / "pyproject.toml").read_text())["project"]

    assert [requirement.partition(">")[0] for requirement in project["dependencies"]] == ["pydantic"]
    assert project["version"] == VERSION


def _python(program: str, *arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
