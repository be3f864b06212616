"""Prints benchmark results as one table.

usage: report.py FILE...

Each file is an array of {name, ours, theirs, unit, ratio, target, met}; README.md says what they mean.
"""

import json
import sys
from pathlib import Path


def line(width: int, result: dict) -> str:
    target = "-" if result["target"] is None else f"{result['target']:.2f}"
    met = "-" if result["met"] is None else "yes" if result["met"] else "NO"
    return (
        f"{result['name']:<{width}}{result['ours']:>11.4g}{result['theirs']:>11.4g}  "
        f"{result['unit']:<7}{result['ratio']:>8.2f}{target:>8}  {met}"
    )


def main(arguments: list[str]) -> int:
    results = [result for path in arguments for result in json.loads(Path(path).read_text())]
    width = max((len(result["name"]) for result in results), default=0) + 1
    print(f"\n{'benchmark':<{width}}{'ours':>11}{'theirs':>11}  {'unit':<7}{'ratio':>8}{'target':>8}  met")
    for result in results:
        print(line(width, result))
    aimed = [result for result in results if result["target"] is not None]
    missed = [result["name"] for result in aimed if not result["met"]]
    print(f"\n{len(aimed) - len(missed)} of {len(aimed)} targets met")
    for name in missed:
        print(f"NOT MET: {name}")
    for path in arguments:
        print(f"results: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
