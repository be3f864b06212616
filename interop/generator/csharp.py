"""C#: the statuses and enums of the engine, and the structs that cross the boundary."""

from __future__ import annotations

from xml.sax.saxutils import escape

import names
from header import Enum, Function, Interface, Member, Struct, Type
from output import Output, wrapped

SCALARS = {
    "uint8_t": "byte",
    "uint16_t": "ushort",
    "int32_t": "int",
    "uint32_t": "uint",
    "int64_t": "long",
    "uint64_t": "ulong",
    "size_t": "nuint",
    "double": "double",
    "char": "byte",
    "void": "void",
}
WIDTH = 126


def emit(interface: Interface, output: Output) -> None:
    _statuses(interface, output)
    for enum in interface.enums.values():
        if (to := names.ENUMS.get(enum.name)) is not None:
            _enum(enum, to, output)
    for struct in interface.structs.values():
        _struct(struct, interface, output)


def _summary(text: str, indent: str) -> str:
    words = names.STATUS.sub(
        lambda match: f'<see cref="Sluice.Primitives.Status.{names.status(match.group())}"/>', escape(names.sentence(text))
    )
    if not words:
        return ""
    line = f"{indent}/// <summary>{words}</summary>"
    if len(line) <= WIDTH:
        return line + "\n"
    body = wrapped(words, WIDTH, f"{indent}/// ")
    return f"{indent}/// <summary>\n{body}\n{indent}/// </summary>\n"


def _statuses(interface: Interface, output: Output) -> None:
    rows = interface.statuses
    values = "\n\n".join(
        _summary(row.comment, "    ") + f"    {names.status(row.name)} = {row.number}," for row in rows
    )
    output.cs("engine/Primitives/Generated/Status.cs", f"""namespace Sluice.Primitives;

/// <summary>
/// The result of an operation: 0 is done, positive is "not now" (nothing is wrong, nothing changed) or a remark on what
/// was done (<see cref="Dropped"/>, <see cref="Lost"/>), negative is a fault. The numbers are those of <c>sluice/status.h</c>.
/// </summary>
public enum Status
{{
{values}
}}
""")
    cases = "\n".join(f'        Status.{names.status(row.name)} => "{row.comment}",' for row in rows)
    output.cs("engine/Primitives/Generated/StatusText.cs", f"""namespace Sluice.Primitives;

/// <summary>Statuses in words.</summary>
internal static class StatusText
{{
    /// <summary>What a status tells a user.</summary>
    public static string Of(Status status) => status switch
    {{
{cases}
        _ => $"status {{(int)status}}",
    }};
}}
""")


def _enum(enum: Enum, to: names.CsEnum, output: Output) -> None:
    public = to.room.startswith("engine")
    space = to.room.replace("engine", "Sluice").replace("interop", "Sluice.Interop").replace("/", ".")
    rows = [(names.constant(value.name, to.prefix), value.number, value.comment) for value in enum.values]
    if to.flags:
        rows.append(("All", sum(number for _, number, _ in rows), "all that are known"))
    values = "\n\n".join(_summary(comment, "    ") + f"    {name} = {number}," for name, number, comment in rows)
    head = _summary(f"{names.sentence(enum.comment)} {enum.name} of sluice.h.".strip(), "")
    kind = "public enum" if public else "internal enum"
    flags = "[Flags]\n" if to.flags else ""
    base = "" if public else " : uint"
    output.cs(f"{to.room}/Generated/{to.name}.cs", f"""namespace {space};

{head}{flags}{kind} {to.name}{base}
{{
{values}
}}
""")


def _struct(struct: Struct, interface: Interface, output: Output) -> None:
    name = names.STRUCTS[struct.name]
    lines = [
        f"    public const int {names.pascal(one.name)}Bytes = {one.type.count};"
        for one in struct.fields if one.type.count is not None
    ]
    for one in struct.fields:
        lines.append(_summary(one.comment, "    ") + f"    public {_field(one, interface)};")
    text = "\n\n".join(lines)
    unsafe = "unsafe " if "*" in text or "fixed " in text else ""
    uses = "using Sluice.Sinks;\n" if "SluiceBatch" in text else ""
    output.cs(f"interop/Runtime/Generated/{name}.cs", f"""using System.Runtime.InteropServices;
{uses}
namespace Sluice.Interop.Runtime;

{_summary(f"{struct.name} of sluice.h. {names.sentence(struct.comment)}".strip(), "")}[StructLayout(LayoutKind.Sequential)]
internal {unsafe}partial struct {name}
{{
{text}
}}
""")


def _field(one: Member, interface: Interface) -> str:
    name = names.pascal(one.name)
    if one.type.count is not None:
        return f"fixed {SCALARS[one.type.base]} {name}[{one.type.count}]"
    return f"{type_of(one, interface)} {name}"


def type_of(one: Member, interface: Interface) -> str:
    """The type of a field or parameter."""
    if one.function is not None:
        return _pointer(one.function, interface)
    kind = one.type
    if kind.base in interface.callbacks and kind.stars == 0:
        return _pointer(interface.callbacks[kind.base], interface)
    base, stars = kind.base.removeprefix("struct "), kind.stars
    if base in interface.handles or (stars and base == "sluice_producer"):
        return "nint" + "*" * (stars - 1)
    found = SCALARS.get(base) or names.STRUCTS.get(base) or names.RING_STRUCTS[base]
    return found + "*" * stars


def _pointer(function: Function, interface: Interface) -> str:
    kinds = [type_of(one, interface) for one in function.parameters]
    kinds.append(type_of(Member("", Type(function.returns.base, function.returns.stars)), interface))
    return f"delegate* unmanaged[Cdecl]<{', '.join(kinds)}>"
