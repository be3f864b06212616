"""C: the entries of the library, the table that bindings load, and the list of fields that the golden is made of."""

from __future__ import annotations

import re

from header import Function, Interface
from output import Output

# Answered in native/ without the managed half, or not by it alone.
BY_HAND = {
    "sluice_status_text", "sluice_abi_version", "sluice_last_error", "sluice_build_info", "sluice_shutdown", "sluice_on_loss",
}
# Of NULL there is nothing to end: these answer OK then, whether or not the engine can start.
ENDING = re.compile(r"_(destroy|abandon|discard|close)$")


def emit(interface: Interface, output: Output) -> None:
    _entries(interface, output)
    _table(interface, output)
    _fields(interface, output)


def _entries(interface: Interface, output: Output) -> None:
    lines, chapter = [], ""
    for function in interface.functions:
        if function.name in BY_HAND:
            continue
        if function.chapter != chapter:
            chapter = function.chapter
            lines.append(f"\n/* {chapter} */")
        kind = "ENDING" if ENDING.search(function.name) else "ENTRY"
        lines.append(f"{kind}({function.name.removeprefix('sluice_')}, ({_parameters(function)}), ({_arguments(function)}))")
    output.c("interop/native/Generated/entries.h", "\n".join(lines) + "\n")


def _parameters(function: Function) -> str:
    return ", ".join(
        f"void (*{one.name})({', '.join(p.type.c(p.name) for p in one.function.parameters)})"
        if one.function else one.type.c(one.name)
        for one in function.parameters
    )


def _arguments(function: Function) -> str:
    return ", ".join(one.name for one in function.parameters)


def _table(interface: Interface, output: Output) -> None:
    rows = " \\\n".join(f"    X({function.name.removeprefix('sluice_')})" for function in interface.functions)
    output.c(
        "bindings/python/native/Generated/functions.h",
        "#ifndef SLUICE_PYTHON_FUNCTIONS_H\n#define SLUICE_PYTHON_FUNCTIONS_H\n\n"
        f"#define LIBRARY_FUNCTIONS(X) \\\n{rows}\n\n#endif\n",
    )


def _fields(interface: Interface, output: Output) -> None:
    lines = []
    for struct in interface.structs.values():
        lines += [f"FIELD({struct.name}, {one.name})" for one in struct.fields]
        lines.append(f"SIZE({struct.name})\n")
    output.c("tests/abi/Generated/struct_fields.h", "\n" + "\n".join(lines))
