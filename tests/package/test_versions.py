"""The version stands once, in Directory.Build.props, and everything that users get tells that one."""

import importlib.metadata
import os
import re
import subprocess
from pathlib import Path

import pytest
from dotnet import PACKAGES, ROOT

VERSION = re.search(r"<Version>(.*)</Version>", (ROOT / "Directory.Build.props").read_text())[1]
BUILD = ROOT / "build"


def test_it_is_a_version() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION)


def test_cmake_tells_it() -> None:
    cache = (BUILD / "CMakeCache.txt").read_text()
    assert f"CMAKE_PROJECT_VERSION:STATIC={VERSION}\n" in cache
    config = (BUILD / "stage/lib/cmake/Sluice/SluiceConfigVersion.cmake").read_text()
    assert f'set(PACKAGE_VERSION "{VERSION}")' in config


@pytest.mark.parametrize("name", ["sluice", "sluice-static"])
def test_pkg_config_tells_it(name: str) -> None:
    done = subprocess.run(
        ["pkg-config", "--modversion", name],
        env={**os.environ, "PKG_CONFIG_PATH": str(BUILD / "stage/lib/pkgconfig")},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.strip() == VERSION


def test_the_wheel_tells_it() -> None:
    sluice = pytest.importorskip("sluice")
    assert [wheel.name.split("-")[1] for wheel in (BUILD / "wheel").glob("*.whl")] == [VERSION]
    assert importlib.metadata.version("sluice") == sluice.__version__ == VERSION


def test_the_library_tells_it() -> None:
    sluice = pytest.importorskip("sluice")
    assert sluice.build_info().startswith(f"sluice {VERSION} (")


def test_the_nuget_package_tells_it() -> None:
    assert {one.name for one in PACKAGES.iterdir()} == {f"Sluice.{VERSION}.nupkg", f"Sluice.{VERSION}.snupkg"}


def test_the_changelog_begins_with_it() -> None:
    first = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert first is not None and first[1] == VERSION


def test_no_other_place_states_it() -> None:
    """Sources that make something with a version ask for it."""
    for place in ("CMakeLists.txt", "interop/CMakeLists.txt", "bindings/python/setup.py", "bindings/python/pyproject.toml"):
        assert VERSION not in Path(ROOT / place).read_text(), f"{place} states {VERSION} by itself"
