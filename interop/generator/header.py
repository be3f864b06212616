"""What the public headers declare: statuses, enums, structs, callbacks and functions, each with its comment.

The headers are parsed by pycparser behind the C preprocessor; comments, which a parser drops, are found again by their lines.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from pycparser import c_ast, c_generator, c_parser

HERE = Path(__file__).resolve().parent
INCLUDE = HERE.parent / "include"


@dataclass
class Value:
    """A constant of an enum, or a status."""

    name: str
    number: int
    comment: str


@dataclass
class Enum:
    name: str
    comment: str
    values: list[Value]


@dataclass
class Type:
    """A type as C writes it: `base` without qualifiers and pointers, so many `stars`, and `count` elements of an array."""

    base: str
    stars: int = 0
    const: bool = False
    count: int | None = None

    def c(self, name: str = "") -> str:
        text = ("const " if self.const else "") + self.base + " " + "*" * self.stars + name
        return text.rstrip() if self.count is None else f"{text}[{self.count}]"


@dataclass
class Member:
    """A field of a struct, or a parameter. `function` is set where the type is a pointer to a function without a name."""

    name: str
    type: Type
    comment: str = ""
    function: Function | None = None


@dataclass
class Struct:
    name: str
    comment: str
    fields: list[Member]


@dataclass
class Function:
    """A function, or the type of a callback."""

    name: str
    returns: Type
    parameters: list[Member]
    comment: str = ""
    chapter: str = ""


@dataclass
class Interface:
    """All that is declared, in the order of the headers."""

    statuses: list[Value] = field(default_factory=list)
    enums: dict[str, Enum] = field(default_factory=dict)
    structs: dict[str, Struct] = field(default_factory=dict)
    callbacks: dict[str, Function] = field(default_factory=dict)
    handles: list[str] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)


def read() -> Interface:
    """Reads `sluice.h`, `status.h`, and the enums of `ring/memory.h`, which options name."""
    interface = Interface(statuses=_statuses())
    _Reader(interface, "sluice.h").read()
    _Reader(interface, "ring/memory.h", enums_only=True).read()
    return interface


def _preprocess(text: str) -> str:
    command = ["gcc", "-E", "-nostdinc", f"-I{HERE / 'stubs'}", f"-I{INCLUDE}", "-D__attribute__(x)=", "-x", "c", "-"]
    return subprocess.run(command, input=text, stdout=subprocess.PIPE, check=True, text=True, encoding="utf-8").stdout


def _enums_alone(text: str) -> str:
    """The enums of a header that no parser of plain C reads, each on its own lines."""

    def blank(part: str) -> str:
        return "\n" * part.count("\n")

    code = re.sub(r"/\*.*?\*/", lambda match: blank(match.group()), text, flags=re.DOTALL)
    kept, end = "", 0
    for match in re.finditer(r"^enum \w+ \{[^;]*;", code, re.MULTILINE):
        kept += blank(code[end : match.start()]) + match.group()
        end = match.end()
    return kept


def _statuses() -> list[Value]:
    text = _preprocess("#include <sluice/status.h>\nSLUICE_STATUS_LIST(ROW)\n")
    rows = re.findall(r'ROW\((\w+), (-?\d+), ((?:"(?:[^"\\]|\\.)*"\s*)+)\)', text)
    return [Value(name, int(number), "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', words))) for name, number, words in rows]


class _Comments:
    """The comments of a header by the lines that they begin and end on."""

    def __init__(self, text: str) -> None:
        self._begin: dict[int, tuple[int, str]] = {}
        self._end: dict[int, tuple[bool, str]] = {}
        self.chapters: list[tuple[int, str]] = []
        for match in re.finditer(r"/\*(.*?)\*/", text, re.DOTALL):
            first = text.count("\n", 0, match.start()) + 1
            last = first + match.group().count("\n")
            words = " ".join(re.sub(r"\s*\n\s*\*?\s?", " ", match.group(1)).split())
            alone = not text[text.rfind("\n", 0, match.start()) + 1 : match.start()].strip()
            if chapter := re.match(r"-{4} (\d+ .*?) -{4}", words):
                self.chapters.append((first, chapter.group(1)))
                continue
            self._begin[first] = (match.start(), words)
            self._end[last] = (alone, words)

    def above(self, line: int) -> str:
        alone, words = self._end.get(line - 1, (False, ""))
        return words if alone else ""

    def beside(self, line: int) -> str:
        return self._begin.get(line, (0, ""))[1]

    def chapter(self, line: int) -> str:
        return next((name for first, name in reversed(self.chapters) if first < line), "")


class _Reader:
    def __init__(self, interface: Interface, header: str, enums_only: bool = False) -> None:
        self._to = interface
        self._path = INCLUDE / "sluice" / header
        self._comments = _Comments(self._path.read_text(encoding="utf-8"))
        self._enums_only = enums_only

    def read(self) -> None:
        header = self._path.relative_to(INCLUDE)
        if self._enums_only:
            for node in c_parser.CParser().parse(_enums_alone(self._path.read_text(encoding="utf-8"))).ext:
                self._enum(node.type, node.type.coord.line)
            return
        tree = c_parser.CParser().parse(_preprocess(f"#include <{header}>\n"))
        for node in tree.ext:
            if str(node.coord.file).endswith(str(header)):
                self._declaration(node)

    def _declaration(self, node: c_ast.Node) -> None:
        kind = node.type
        if isinstance(node, c_ast.Typedef):
            if isinstance(kind, c_ast.TypeDecl) and isinstance(kind.type, c_ast.Struct):
                self._struct(kind.type)
            elif isinstance(kind, c_ast.PtrDecl) and isinstance(kind.type, c_ast.FuncDecl):
                self._to.callbacks[node.name] = self._function(node.name, kind.type, node.coord.line)
        elif isinstance(kind, c_ast.Enum):
            self._enum(kind, kind.coord.line)
        elif isinstance(kind, c_ast.FuncDecl):
            self._to.functions.append(self._function(node.name, kind, node.coord.line))

    def _enum(self, node: c_ast.Enum, line: int) -> None:
        values = [
            Value(one.name, _number(one.value), self._comments.beside(one.coord.line)) for one in node.values.enumerators
        ]
        self._to.enums[node.name] = Enum(node.name, self._comments.above(line), values)

    def _struct(self, node: c_ast.Struct) -> None:
        if node.decls is None:
            self._to.handles.append(node.name)
            return
        fields = []
        for decl in node.decls:
            one = self._member(decl)
            one.comment = self._comments.beside(decl.coord.line)
            fields.append(one)
        self._to.structs[node.name] = Struct(node.name, self._comments.above(node.coord.line), fields)

    def _function(self, name: str, node: c_ast.FuncDecl, line: int) -> Function:
        parameters = [self._member(one) for one in node.args.params] if node.args else []
        if len(parameters) == 1 and parameters[0].type == Type("void"):
            parameters = []
        return Function(
            name, _type(node.type), parameters, self._comments.above(line), self._comments.chapter(line))

    def _member(self, node: c_ast.Node) -> Member:
        kind = node.type
        if isinstance(kind, c_ast.PtrDecl) and isinstance(kind.type, c_ast.FuncDecl):
            return Member(node.name, Type("void", 1), function=self._function(node.name, kind.type, node.coord.line))
        return Member(node.name or "", _type(kind))


def _type(node: c_ast.Node) -> Type:
    stars, count = 0, None
    if isinstance(node, c_ast.ArrayDecl):
        count = _number(node.dim)
        node = node.type
    while isinstance(node, c_ast.PtrDecl):
        stars += 1
        node = node.type
    base = node.type
    name = f"struct {base.name}" if isinstance(base, c_ast.Struct) else " ".join(base.names)
    return Type(name, stars, "const" in node.quals, count)


def _number(node: c_ast.Node) -> int:
    text = c_generator.CGenerator().visit(node)
    return int(re.sub(r"(?i)(?<=[0-9a-f])[ul]+$", "", text), 0)
