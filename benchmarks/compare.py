"""Compares benchmark results with the stored baseline: ratios and allocated bytes, never absolute times.

usage: compare.py [--some] [--update] [--tolerance FRACTION] [--baseline FILE] FILE...

A ratio may fall below its baseline by the tolerance (default 0.35: what a shared machine of two processors does to a median);
allocated bytes may not grow at all. A benchmark of the baseline that is missing from the results counts as worse, except with
--some, which says that only some were run. --update stores the results as the new baseline.
Exit status: 0 nothing is worse, 1 something is.
"""

import argparse
import json
import sys
from pathlib import Path

BASELINE = Path(__file__).resolve().parent / "baselines" / "x86-64.json"
ALLOCATED = "B/call"


def measure(result: dict) -> dict[str, float]:
    """What is kept of a result: the bytes of an allocation count, the ratio of everything else."""
    if result["unit"] == ALLOCATED:
        return {"allocated": result["ours"]}
    return {"ratio": float(f"{result['ratio']:.3g}")}


def read(files: list[Path]) -> dict[str, dict[str, float]]:
    return {result["name"]: measure(result) for path in files for result in json.loads(path.read_text())}


def faults(baseline: dict, found: dict, tolerance: float, some: bool) -> list[str]:
    """One line for everything that is worse than the baseline."""
    worse = []
    for name, kept in baseline.items():
        now = found.get(name)
        if now is None:
            if not some:
                worse.append(f"{name}: was not measured")
        elif now.keys() != kept.keys():
            worse.append(f"{name}: measures {', '.join(now)} and not {', '.join(kept)}: store a new baseline")
        elif "allocated" in kept:
            if now["allocated"] > kept["allocated"]:
                worse.append(f"{name}: {now['allocated']:g} bytes per call, the baseline is {kept['allocated']:g}")
        elif now["ratio"] < kept["ratio"] * (1 - tolerance):
            worse.append(f"{name}: ratio {now['ratio']:.3g}, the baseline is {kept['ratio']:.3g} (tolerance {tolerance:.0%})")
    return worse


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].removeprefix("usage: "))
    parser.add_argument("--some", action="store_true")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--tolerance", type=float, default=0.35)
    parser.add_argument("--baseline", type=Path, default=BASELINE)
    parser.add_argument("files", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    found = read(options.files)
    baseline = json.loads(options.baseline.read_text()) if options.baseline.exists() else {}
    if options.update:
        stored = {**(baseline if options.some else {}), **found}
        options.baseline.parent.mkdir(exist_ok=True)
        options.baseline.write_text(json.dumps(stored, indent=1, sort_keys=True) + "\n")
        print(f"stored {len(found)} results in {options.baseline}")
        return 0
    worse = faults(baseline, found, options.tolerance, options.some)
    for text in worse:
        print(f"WORSE: {text}")
    new = sum(name not in baseline for name in found)
    print(f"compared with {options.baseline.name}: {len(worse)} worse, {new} without a baseline")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
