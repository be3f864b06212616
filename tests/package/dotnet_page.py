"""Makes one C# program of the examples of a page.

The blocks of a page are one program, from top to bottom. Types stand behind the statements and usings before them, as C#
wants it.
"""

import re
from pathlib import Path

PROJECT = """<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <AssemblyName>page</AssemblyName>
    <Nullable>enable</Nullable>
    <ImplicitUsings>enable</ImplicitUsings>
    <NoWarn>CS0649</NoWarn>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Sluice" Version="0.*" />
  </ItemGroup>
</Project>
"""

USING = re.compile(r"using [\w.]+;")
TYPE = re.compile(r"\[|(?:(?:public|internal|file|static|sealed|readonly|abstract|partial) )*(?:record|struct|class|enum|interface) ")


def blocks(page: Path) -> list[tuple[int, str]]:
    """The C# examples of a page, each with the number of its first line."""
    text = page.read_text()
    found = re.finditer(r"^```csharp\n(.*?)^```", text, re.M | re.S)
    return [(text[: match.start(1)].count("\n") + 1, match.group(1)) for match in found]


def write(page: Path, folder: Path) -> Path:
    """Writes the program of a page as a project; its folder."""
    usings: list[str] = []
    statements: list[str] = []
    types: list[str] = []
    for first, block in blocks(page):
        into = statements
        for number, line in enumerate(block.splitlines(), first):
            at = f'#line {number} "{page}"'
            if USING.fullmatch(line):
                usings.append(line)
                continue
            if into is statements and TYPE.match(line):
                into = types
            into += [at, line]
            if into is types and line == "}":
                into = statements
    folder.mkdir()
    (folder / "page.csproj").write_text(PROJECT)
    (folder / "Program.cs").write_text("\n".join([*usings, *statements, *types, ""]))
    return folder
