"""Projects outside the tree that get the engine as a NuGet package, as a .NET user does."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(os.environ.get("SLUICE_HOME", Path(__file__).resolve().parents[2]))
PACKAGES = ROOT / "build/nupkg"

CONFIG = """<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <packageSources>
    <clear />
    <add key="built" value="{packages}" />
    <add key="machine" value="{machine}" />
  </packageSources>
  <packageSourceMapping>
    <packageSource key="built"><package pattern="Sluice" /></packageSource>
    <packageSource key="machine"><package pattern="*" /></packageSource>
  </packageSourceMapping>
</configuration>
"""

ENVIRONMENT = {
    "MSBUILDDISABLENODEREUSE": "1",
    "DOTNET_CLI_USE_MSBUILD_SERVER": "0",
    "DOTNET_CLI_TELEMETRY_OPTOUT": "1",
    "DOTNET_NOLOGO": "1",
}


def run(*arguments: object, cwd: Path, timeout: float = 240, **environment: str) -> str:
    """Runs a program that has to end well; its standard output."""
    done = subprocess.run(
        [str(argument) for argument in arguments],
        cwd=cwd,
        env={**os.environ, **ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, f"{arguments} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


class Consumers:
    """A folder of projects that share one private folder of packages.

    The package under test comes from where it was built and from nowhere else, so that a package of the same version that
    the machine restored earlier cannot take its place; what it depends on comes from what the machine restored for the build.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        machine = run("dotnet", "nuget", "locals", "global-packages", "--list", "--force-english-output", cwd=folder)
        config = CONFIG.format(packages=PACKAGES, machine=machine.split(":", 1)[1].strip())
        (folder / "nuget.config").write_text(config)
        # Nothing of the tree above reaches the projects, wherever the folder lies.
        for name in ("Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props"):
            (folder / name).write_text("<Project />\n")

    @property
    def restored(self) -> Path:
        """The private folder of packages."""
        return self.folder / "packages"

    def copy(self, project: Path, name: str | None = None) -> Path:
        """A copy of a project of the tree, without what was built of it there."""
        there = self.folder / (name or project.name)
        shutil.copytree(project, there, ignore=shutil.ignore_patterns("bin", "obj"))
        return there

    def build(self, project: Path, framework: str, configuration: str = "Release") -> Path:
        """Builds a project for one framework, warnings being errors; the program's assembly."""
        out = project / "out" / framework
        run(
            "dotnet", "build", "-c", configuration, "-f", framework, "-o", out, "-p:UseAppHost=false", "-p:UseSharedCompilation=false",
            "-p:TreatWarningsAsErrors=true", "-p:NuGetAudit=false", "-v", "quiet",
            cwd=project, NUGET_PACKAGES=str(self.restored),
        )  # fmt: skip
        return next(out.glob("*.runtimeconfig.json")).with_suffix("").with_suffix(".dll")
