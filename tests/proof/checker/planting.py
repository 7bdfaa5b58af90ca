"""A recorded run in memory, to be spoilt in one place and written out again."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import orjson

from contracts.topics import TOPICS

Line = dict[str, Any]


@dataclass(slots=True)
class Recorded:
    """Everything that the checker reads of one run. Change it as you like; `write` makes a folder of it."""

    history: dict[str, list[Line]]
    topics: dict[tuple[str, int], list[Line]]
    surface: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """From a folder that `dump_topics`, `read_surface` and a history have filled."""
        history = {file.stem: _lines(file) for file in sorted((folder / "history").glob("*.jsonl"))}
        topics = {
            (name, number): _lines(file)
            for name, topic in TOPICS.items()
            for number in range(topic.partitions)
            if (file := folder / "topics" / f"{name}-{number}.jsonl").exists()
        }
        surface = {file.stem: orjson.loads(file.read_bytes()) for file in (folder / "surface").glob("*.json")}
        return cls(history, topics, surface)

    def copy(self) -> Self:
        """One of its own, to be spoilt."""
        copied: Self = pickle.loads(pickle.dumps(self))  # several times as fast as deepcopy
        return copied

    def write(self, folder: Path) -> None:
        """As files, with offsets that run on without gaps."""
        for name in ("history", "topics", "surface"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for client, lines in self.history.items():
            (folder / "history" / f"{client}.jsonl").write_bytes(_text(lines))
        for (topic, number), lines in self.topics.items():
            numbered = [{**line, "o": offset} for offset, line in enumerate(lines)]
            (folder / "topics" / f"{topic}-{number}.jsonl").write_bytes(_text(numbered))
        for name, told in self.surface.items():
            (folder / "surface" / f"{name}.json").write_bytes(orjson.dumps(told))

    # -- finding what to spoil -----------------------------------------------------------------------------------------

    def all(self, kind: str, where: Callable[[Line], bool] = lambda _: True) -> Iterator[tuple[list[Line], Line]]:
        """Every event of a kind that fits, with the partition that it stands on; `where` is asked with its data.

        A kind without its version is the first one.
        """
        kind = kind if ".v" in kind else f"{kind}.v1"
        topic = next(name for name, topic in TOPICS.items() if kind in topic.holds)
        for (name, _), lines in self.topics.items():
            if name == topic:
                for line in list(lines):
                    if line.get("h", {}).get("ce_type") == kind and where(line["v"]):
                        yield lines, line

    def one(self, kind: str, where: Callable[[Line], bool] = lambda _: True) -> tuple[list[Line], Line]:
        """The first of them."""
        return next(self.all(kind, where))

    def data(self, kind: str, where: Callable[[Line], bool] = lambda _: True) -> Line:
        """The data of the first of them."""
        found: Line = self.one(kind, where)[1]["v"]
        return found

    def drop(self, kind: str, where: Callable[[Line], bool] = lambda _: True) -> Line:
        """Take the first of them away, as if it had never been sent; what follows on its key closes up."""
        lines, line = self.one(kind, where)
        lines[:] = [other for other in lines if other["h"]["ce_id"] != line["h"]["ce_id"]]
        for other in lines:
            if other["k"] == line["k"] and int(other["h"]["ce_sequence"]) > int(line["h"]["ce_sequence"]):
                other["h"]["ce_sequence"] = str(int(other["h"]["ce_sequence"]) - 1)
        return line

    def again(self, kind: str, *, where: Callable[[Line], bool] = lambda _: True, **changes: Any) -> Line:
        """Say the first of them once more as a new event, the next of its key; changed as told."""
        lines, line = self.one(kind, where)
        twin = copy.deepcopy(line)
        twin["h"]["ce_id"] = "00000000-0000-4000-8000-000000000001"
        last = max(int(other["h"]["ce_sequence"]) for other in lines if other["k"] == line["k"])
        twin["h"]["ce_sequence"] = str(last + 1)
        twin["v"] |= changes
        lines.append(twin)
        return twin

    def company(self, filled: str = "orders") -> Line:
        """What is shown of a company that has some of these."""
        return next(told for name, told in self.surface.items() if not name.startswith("_") and told[filled])

    def operation(self, f: str, outcome: str = "ok") -> tuple[list[Line], Line, Line]:
        """The lines of a client, and of one of its operations the first and the last."""
        for lines in self.history.values():
            ends = {line["op"]: line for line in lines if line["is"] == outcome}
            for line in lines:
                if line["is"] == "invoke" and line["f"] == f and line["op"] in ends:
                    return lines, line, ends[line["op"]]
        raise LookupError(f"no {f} that is {outcome}")


Spoil = Callable[[Recorded], object]


class Planted(NamedTuple):
    """What is done to a good run, and which invariant must find it."""

    name: str
    invariant: str
    spoil: Spoil


def table(into: list[Planted]) -> Callable[[str], Callable[[Spoil], Spoil]]:
    """A decorator that puts corruptions into a table, under their own names."""

    def planted(invariant: str) -> Callable[[Spoil], Spoil]:
        def keep(spoil: Spoil) -> Spoil:
            into.append(Planted(spoil.__name__.replace("_", " "), invariant, spoil))
            return spoil

        return keep

    return planted


def _lines(file: Path) -> list[Line]:
    return [orjson.loads(line) for line in file.read_bytes().splitlines() if line]


def _text(lines: list[Line]) -> bytes:
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)
