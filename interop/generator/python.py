"""Python: the statuses, and the choices of options."""

from __future__ import annotations

import names
from header import Interface
from output import Output, wrapped

FOLDER = "bindings/python/src/sluice/_generated"


def emit(interface: Interface, output: Output) -> None:
    output.python(f"{FOLDER}/__init__.py", "")
    _statuses(interface, output)
    _choices(interface, output)


def _doc(text: str, indent: str = "    ") -> str:
    if not text:
        return ""
    words = names.STATUS.sub(lambda match: names.EXCEPTIONS.get(match.group(), f"``{match.group()}``"), names.sentence(text))
    return wrapped(f'"""{words}"""', 106, indent) + "\n"


def _statuses(interface: Interface, output: Output) -> None:
    rows = "".join(f"    {row.name} = {row.number}\n{_doc(row.comment)}" for row in interface.statuses)
    output.python(f"{FOLDER}/statuses.py", f'''from enum import IntEnum


class Status(IntEnum):
    """The results of the engine: 0 done, positive not now, negative a fault (``sluice/status.h``)."""

{rows}''')


def _choices(interface: Interface, output: Output) -> None:
    parts = []
    for name, (kind, prefix, without) in names.CHOICES.items():
        enum = interface.enums[name]
        rows = "".join(
            f"    {value.name.removeprefix(prefix)} = {value.number}\n{_doc(value.comment)}"
            for value in enum.values if value.name not in without
        )
        parts.append(f"class {kind}(Choice):\n{_doc(enum.comment)}\n{rows}")
    output.python(f"{FOLDER}/choices.py", "from .._choice import Choice\n\n\n" + "\n\n".join(parts))
