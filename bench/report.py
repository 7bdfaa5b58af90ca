"""The table that a bench prints; the same as stands in docs/performance.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any


def print_report(figures: Mapping[str, Any]) -> None:
    """Print all figures as tables in Markdown."""
    about = figures["machine"]
    print(f"\n{about['cpu']}, {about['cores']} cores, Python {about['python']}; {figures['orders']} orders a run\n")
    print("| what | orders/s per run | median | of the bare pipeline |")
    print("| --- | --- | --- | --- |")
    for name, label in (("floor", "bare pipeline"), ("batches", "real, batches of 50"), ("singles", "real, single")):
        rates = [run["per_s"] for run in figures[name]]
        share = f"{figures['ratios'][name]:.0%}" if name in figures["ratios"] else "100%"
        print(f"| {label} | {', '.join(f'{rate:.0f}' for rate in rates)} | {median(rates):.0f} | {share} |")
    _full_orders(figures)
    _cpu_table(figures)
    if "paced" in figures:
        _latency(figures)
    print("memory, MiB: " + ", ".join(f"{name} {size}" for name, size in figures["memory_mib"].items()))


def _full_orders(figures: Mapping[str, Any]) -> None:
    """Reserved, picked, packed, shipped, costed, invoiced, on file, paid."""
    full = figures["full"]
    print(f"\n{full['orders']} full orders a run\n")
    print("| full order | orders/s per run | median | of the bare pipeline |")
    print("| --- | --- | --- | --- |")
    for name, label, share in (("floor", "bare pipeline", 1.0), ("real", "real", figures["ratios"]["full"])):
        rates = [run["per_s"] for run in full[name]]
        print(f"| {label} | {', '.join(f'{rate:.0f}' for rate in rates)} | {median(rates):.0f} | {share:.0%} |")
    names = sorted({name for kind in ("floor", "real") for run in full[kind] for name in run["cpu_us"]})
    print("\n| CPU µs per full order | bare | real |\n| --- | --- | --- |")
    for name in names:
        print(f"| {name} | {_median_cpu(full['floor'], name)} | {_median_cpu(full['real'], name)} |")


def _latency(figures: Mapping[str, Any]) -> None:
    paced, accept = figures["paced"], figures["accept"]
    print(f"\nbatches of 50 while papers are rendered at low priority: {figures['with_papers']['per_s']:.0f} orders/s")
    entry = f"p50 {paced['to_entry_p50_ms']:.0f} ms, p99 {paced['to_entry_p99_ms']:.0f} ms"
    answer = f"p50 {paced['p50_ms']:.1f} ms, p99 {paced['p99_ms']:.1f} ms"
    print(f"\n202 → journal entry at 50 orders/s: {entry} ({paced['entries']} of {paced['count']}); answer {answer}")
    for pace, run in (("50", paced), ("10", figures["calm"])):
        if run["stored"]:
            took = f"p50 {run['stored_p50_ms'] / 1_000:.2f} s, p99 {run['stored_p99_ms'] / 1_000:.2f} s"
            print(f"on file → stored and linked, at {pace} orders/s: {took} ({run['stored']} of {run['registered']})")
    for name in ("gateway", "bare"):
        row = accept[name]
        rate = f"{row['per_s']:.0f}/s, p50 {row['p50_ms']:.1f} ms, p99 {row['p99_ms']:.1f} ms"
        print(f"accept, {name}: {rate}, {row['server_us']:.0f} µs of the server per request")
    print(f"papers: {figures['papers']}")


def _cpu_table(figures: Mapping[str, Any]) -> None:
    kinds = ("floor", "batches", "singles")
    names = sorted({name for kind in kinds for run in figures[kind] for name in run["cpu_us"]})
    print("\n| CPU µs per order | bare | batches | single |")
    print("| --- | --- | --- | --- |")
    for name in names:
        cells = [_median_cpu(figures[kind], name) for kind in kinds]
        print(f"| {name} | {' | '.join(cells)} |")


def _median_cpu(runs: Sequence[Mapping[str, Any]], name: str) -> str:
    values = [run["cpu_us"][name] for run in runs if name in run["cpu_us"]]
    return f"{median(values):.0f}" if values else "–"
