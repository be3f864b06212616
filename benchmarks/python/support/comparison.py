"""Both sides in one run, in turn: the figure of a side is its median over the rounds."""

import argparse
import json
import re
import statistics
from pathlib import Path


def compare(ours, theirs, rounds):
    """The medians of two functions that answer a figure. The first round is not counted."""
    mine, other = [], []
    for number in range(-1, rounds):
        pair = [(ours, mine), (theirs, other)]
        for run, figures in pair if number % 2 else reversed(pair):
            figure = run()
            if number >= 0:
                figures.append(figure)
    return statistics.median(mine), statistics.median(other)


def main(program, description, suites, rounds):
    """Runs what the filter of the command line is found in, and writes DIR/PROGRAM.json.

    :param suites: (unit, generator function) pairs; a generator yields (name, ours, theirs, target). A figure in ``ns``
        is a time, in any other unit a rate.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("filter", nargs="?", default="")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=rounds)
    arguments = parser.parse_args()
    results = []
    for unit, suite in suites:
        for name, ours, theirs, target in suite():
            if not re.search(arguments.filter, name, re.IGNORECASE):
                continue
            mine, other = compare(ours, theirs, arguments.rounds)
            ratio = other / mine if unit == "ns" else mine / other
            print(f"{name}: {mine:.4g} to {other:.4g} {unit}, {ratio:.2f} x")
            results.append(
                {
                    "name": name,
                    "ours": mine,
                    "theirs": other,
                    "unit": unit,
                    "ratio": ratio,
                    "target": target,
                    "met": None if target is None else ratio >= target,
                }
            )
    if arguments.json is not None and results:
        (arguments.json / f"{program}.json").write_text(json.dumps(results, indent=2) + "\n")
