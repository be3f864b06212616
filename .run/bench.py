"""Prints the benchmark results of a folder as one table.

usage: bench.py DIR

Every DIR/*.json is an array of {name, ours, theirs, unit, ratio, target, met}; ratio says how many times as fast as theirs.
"""

import json
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    results = [result for path in sorted(Path(arguments[0]).glob("*.json")) for result in json.loads(path.read_text())]
    if not results:
        print("no benchmark matched", file=sys.stderr)
        return 1
    width = max(len(result["name"]) for result in results) + 2
    print(f"\n{'benchmark':<{width}}{'ours':>12}{'theirs':>12}  {'unit':<14}{'ratio':>8}{'target':>8}  met")
    for result in results:
        target = "-" if result["target"] is None else f"{result['target']:.2f}"
        met = "-" if result["met"] is None else "yes" if result["met"] else "NO"
        print(
            f"{result['name']:<{width}}{result['ours']:>12.4g}{result['theirs']:>12.4g}  "
            f"{result['unit']:<14}{result['ratio']:>8.2f}{target:>8}  {met}"
        )
    print(f"results: {arguments[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
