"""Writes what is generated from the public headers: `interop/generator`. With --check it only compares, and names what is stale."""

from __future__ import annotations

import sys

import csharp
import header
import native
import python
from output import Output


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print("usage: python3 interop/generator [--check]", file=sys.stderr)
        return 2
    interface, output = header.read(), Output()
    for emitter in (csharp, native, python):
        emitter.emit(interface, output)
    stale = output.stale()
    if not arguments:
        output.write()
    for name in stale:
        print(name if not arguments else f"{name} is not what the headers say: run python3 interop/generator")
    return 1 if arguments and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
