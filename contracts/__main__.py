"""`python -m contracts generate | check | compatible OLD NEW | release`: the published files and their rules."""

import argparse
import sys
from pathlib import Path

from contracts import compatibility, generate


def main(arguments: list[str]) -> int:
    """Runs one command. Returns 0, or 1 where something is stale or breaks readers."""
    parser = argparse.ArgumentParser(prog="python -m contracts")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("generate", help="write schemas, samples, the AsyncAPI document and the README")
    commands.add_parser("check", help="fail if any of them differs from the models")
    compatible = commands.add_parser("compatible", help="fail if schemas in NEW break readers of those in OLD")
    compatible.add_argument("old", type=Path)
    compatible.add_argument("new", type=Path)
    commands.add_parser("release", help="make the present schemas the ones to be compatible with")
    given = parser.parse_args(arguments)
    match given.command:
        case "generate":
            return _say("written", generate.write(), 0)
        case "check":
            return _say("differs from the models, run `make contracts`:", generate.differences(), 1)
        case "compatible":
            return _say("breaking:", map(str, compatibility.violations(given.old, given.new)), 1)
        case _:
            return _say("breaking, not released:", map(str, compatibility.release(generate.HERE)), 1)


def _say(what: str, lines: "list[str] | map[str]", status_if_any: int) -> int:
    found = list(lines)
    for line in found:
        print(what, line)
    return status_if_any if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
