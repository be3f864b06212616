"""The C# examples of every page compile against the NuGet package and run; what they assert holds."""

from pathlib import Path

import pytest
from dotnet import ROOT, Consumers, run
from dotnet_page import blocks, write

PAGES = [page for page in (ROOT / "README.md", ROOT / "engine/PACKAGE.md", *sorted((ROOT / "docs").rglob("*.md"))) if blocks(page)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_run(consumers: Consumers, page: Path, tmp_path: Path) -> None:
    program = consumers.build(write(page, consumers.folder / f"page-{page.stem}"), "net10.0", configuration="Debug")
    run("dotnet", program, cwd=tmp_path, timeout=60)


def test_an_assertion_that_does_not_hold_is_caught(consumers: Consumers, tmp_path: Path) -> None:
    page = tmp_path / "wrong.md"
    page.write_text("```csharp\nusing System.Diagnostics;\nDebug.Assert(Status.Ok == Status.Size);\n```\n")
    program = consumers.build(write(page, consumers.folder / "page-wrong"), "net10.0", configuration="Debug")
    with pytest.raises(AssertionError, match="Status.Ok == Status.Size|wrong.md"):
        run("dotnet", program, cwd=tmp_path, timeout=60)
