"""The NuGet package of the engine: what is in it, and a project outside the tree that restores it and runs."""

import re
import subprocess
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
from dotnet import PACKAGES, ROOT, Consumers, run

VERSION = re.search(r"<Version>(.*)</Version>", (ROOT / "Directory.Build.props").read_text())[1]
PACKAGE = PACKAGES / f"Sluice.{VERSION}.nupkg"
FRAMEWORK = "net10.0"
QUICKSTART = ROOT / "tests/package/dotnet/quickstart"


def test_the_package_says_what_it_is() -> None:
    with zipfile.ZipFile(PACKAGE) as package:
        spec = ElementTree.fromstring(package.read("Sluice.nuspec"))
        names = set(package.namelist())
        readme = package.read("README.md").decode()
    said = {one.tag.split("}")[1]: one for one in spec[0]}
    assert said["id"].text == "Sluice"
    assert said["version"].text == VERSION
    assert (said["license"].get("type"), said["license"].text) == ("expression", "Apache-2.0")
    assert said["readme"].text == "README.md"
    assert len(said["description"].text) > 100 and "```csharp" in readme
    assert {"LICENSE", "build/Sluice.props", "buildTransitive/Sluice.props"} <= names
    assert {f"lib/{FRAMEWORK}/Sluice.{kind}" for kind in ("dll", "xml")} <= names
    assert {group.get("targetFramework") for group in said["dependencies"]} == {FRAMEWORK}
    with zipfile.ZipFile(PACKAGE.with_suffix(".snupkg")) as symbols:
        assert f"lib/{FRAMEWORK}/Sluice.pdb" in symbols.namelist()


def test_every_public_member_is_documented_in_it() -> None:
    with zipfile.ZipFile(PACKAGE) as package:
        text = package.read(f"lib/{FRAMEWORK}/Sluice.xml").decode()
    for member in ("PacketBuffer.ReadBatchesAsync", "PacketBuffer.Claim(System.Int32)", "PacketClaim.Commit", "PacketBatch.Memory"):
        assert member in text


@pytest.mark.parametrize("kind", ["nupkg", "snupkg"])
def test_no_path_of_this_machine_is_in_it(kind: str) -> None:
    places = {str(ROOT), str(ROOT.resolve()), str(Path.home())} - {"/"}
    with zipfile.ZipFile(PACKAGE.with_suffix(f".{kind}")) as package:
        for name in package.namelist():
            data = package.read(name)
            for place in places:
                found = place.encode() in data or place.encode("utf-16-le") in data
                assert not found, f"{name} of the {kind} has {place} in it"


@pytest.fixture(scope="module")
def quickstart(consumers: Consumers) -> Path:
    return consumers.copy(QUICKSTART)


def test_a_project_outside_restores_it_and_runs(consumers: Consumers, quickstart: Path, tmp_path: Path) -> None:
    program = consumers.build(quickstart, FRAMEWORK)
    restored = consumers.restored / f"sluice/{VERSION}/lib/{FRAMEWORK}/Sluice.dll"
    with zipfile.ZipFile(PACKAGE) as package:
        assert restored.read_bytes() == package.read(f"lib/{FRAMEWORK}/Sluice.dll"), "another package was restored"
    name = f"package.{tmp_path.name}"
    out = tmp_path / "out.txt"
    consumer = subprocess.Popen(
        ["dotnet", program, "consumer", name, "1000", out], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    try:
        run("dotnet", program, "producer", name, "1000", cwd=tmp_path, timeout=60)
        said, _ = consumer.communicate(timeout=60)
    finally:
        consumer.kill()
        consumer.wait()
    assert (consumer.returncode, said) == (0, "1000 packets, 0 wrong\n")
    lines = out.read_text().splitlines()
    assert lines[0] == "# sequence, volts [V], energy [keV]"
    assert lines[1:3] == ["0, -2.000, 0.0", "1, -1.963, 0.1"]
    assert len(lines) == 1001
    assert not Path(f"/dev/shm/sluice.{name}").exists()


def test_wrong_arguments_are_told(consumers: Consumers, quickstart: Path, tmp_path: Path) -> None:
    program = consumers.build(quickstart, FRAMEWORK)
    done = subprocess.run(
        ["dotnet", program, "producer", "x" * 300, "1"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr[:10]) == (1, "quickstart")
    assert "300" in done.stderr
