"""CPU seconds and memory of processes, their children counted with them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import psutil

MEBIBYTE = 1024 * 1024


def cpu_seconds(pids: Mapping[str, int]) -> dict[str, float]:
    """CPU so far, per name; what ended children used is in their parent's account."""
    used: dict[str, float] = {}
    for name, pid in pids.items():
        used[name] = 0.0
        for process in _family(pid):
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                used[name] += times.user + times.system
        with contextlib.suppress(psutil.NoSuchProcess):
            times = psutil.Process(pid).cpu_times()
            used[name] += times.children_user + times.children_system
    return used


def children_cpu_seconds(pid: int) -> float:
    """CPU so far of the processes that this one has started and that still run."""
    used = 0.0
    for process in _family(pid)[1:]:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            used += times.user + times.system
    return used


def memory_mebibytes(pids: Mapping[str, int]) -> dict[str, int]:
    """Memory that is this process's own (shared pages of a database server's backends are counted once per family)."""
    sizes: dict[str, int] = {}
    for name, pid in pids.items():
        total = 0
        for process in _family(pid):
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                total += process.memory_full_info().pss
        sizes[name] = total // MEBIBYTE
    return sizes


def difference(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """What was used between two looks."""
    return {name: after[name] - before.get(name, 0.0) for name in after}


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
