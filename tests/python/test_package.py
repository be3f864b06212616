"""The wheel: installed alone, with all images of the library, typed, documented; and its examples."""

import ast
import importlib.metadata
import importlib.util
import inspect
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import sluice
from sluice import _library, _sluice

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "bindings" / "python"


def project_version():
    return re.search(r"<Version>([^<]+)</Version>", (ROOT / "Directory.Build.props").read_text())[1]


@pytest.fixture(scope="module")
def wheel():
    wheels = sorted((ROOT / "build" / "wheel").glob("sluice-*.whl"))
    if not wheels:
        pytest.skip("there is no wheel in build/wheel: run ./run build")
    assert len(wheels) == 1
    return wheels[0]


@pytest.fixture(scope="module")
def clean(wheel, tmp_path_factory):
    """The Python of an environment that has the wheel and nothing else."""
    folder = tmp_path_factory.mktemp("clean")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-index", "--no-deps", wheel], check=True)
    return python


def bare(python, code, **environment):
    """Runs code without this suite's environment."""
    kept = {name: value for name, value in os.environ.items() if name in ("HOME", "PATH", "TMPDIR")}
    done = subprocess.run(
        [python, "-I", "-c", code],
        capture_output=True,
        text=True,
        env={**kept, **environment},
        cwd="/",
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_version_is_the_projects():
    assert sluice.__version__ == importlib.metadata.version("sluice") == project_version()
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        sluice.nothing  # noqa: B018


def test_the_wheel_has_everything(wheel):
    assert wheel.name.startswith(f"sluice-{project_version()}-cp311-abi3-linux_")
    names = set(zipfile.ZipFile(wheel).namelist())
    images = {name for name in names if name.endswith("libsluice.so.1")}
    staged = {
        str(path.relative_to(ROOT / "build" / "stage"))
        for path in (ROOT / "build/stage/lib").rglob("libsluice.so.1")
    }
    assert images == {f"sluice/{name}" for name in staged}
    assert {"sluice/__init__.py", "sluice/py.typed", "sluice/_sluice.pyi", "sluice/_sluice.abi3.so"} <= names
    assert not any(name.endswith((".c", ".h")) for name in names)


def test_a_clean_environment_needs_nothing_but_the_wheel(clean, tmp_path):
    path = bare(clean, "import sluice._library as library; print(library.path)")
    assert Path(path).is_relative_to(clean.parent.parent)
    code = f"""
import sluice
with sluice.FIFO(layout="> pin:B; adc:H %d") as buffer:
    buffer.set_primary_sink({str(tmp_path / "data.dat")!r})
    buffer.add_custom_sink({str(tmp_path / "data.csv")!r}, sluice.WriteMode.TEXT)
    buffer.put(b"\\x01\\x02\\x03")
    print(buffer.flush())
"""
    assert bare(clean, code) == "(1, 10)"
    assert (tmp_path / "data.csv").read_text() == "1, 515\n"


def test_the_loader_takes_the_best_image_of_the_cpu(clean):
    shown = subprocess.run(
        [bare(clean, "import os; print(os.path.realpath('/lib64/ld-linux-x86-64.so.2'))"), "--help"],
        capture_output=True,
        text=True,
    ).stdout
    best = (re.findall(r"^\s+(x86-64-v[34]) \(supported, searched\)", shown, re.M) or ["x86-64"])[0]
    code = "import sluice._library as library, sluice; print(library.path, sluice.build_info())"
    chosen = bare(clean, code)
    assert f"image {best};" in chosen
    assert (f"glibc-hwcaps/{best}/" in chosen) == (best != "x86-64")
    if best == "x86-64":
        pytest.skip("this CPU has only the baseline: there is nothing to mask")
    masked = bare(clean, code, GLIBC_TUNABLES="glibc.cpu.hwcaps=-AVX512BW,-AVX2")
    assert "image x86-64;" in masked
    assert "glibc-hwcaps" not in masked


def test_the_library_can_be_given(clean):
    given = ROOT / "build" / "stage" / "lib" / "libsluice.so.1"
    code = "import sluice._library as library; print(library.path)"
    assert bare(clean, code, SLUICE_LIBRARY=str(given)) == str(given)
    code = """
try:
    import sluice
except ImportError as error:
    print(error)
"""
    assert "cannot load /no/such/library.so" in bare(clean, code, SLUICE_LIBRARY="/no/such/library.so")
    assert "no function sluice_last_error" in bare(clean, code, SLUICE_LIBRARY="libm.so.6")


def test_importing_enters_nothing_and_loads_the_packages_own_library():
    assert os.path.basename(_library.path) == "libsluice.so.1"
    if "SLUICE_LIBRARY" not in os.environ:
        assert Path(_library.path).is_relative_to(Path(sluice.__file__).parent)


def stubs():
    """{class or None: names} of the stub file."""
    tree = ast.parse(Path(_sluice.__file__).with_name("_sluice.pyi").read_text())
    found = {None: {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
    return found


def test_the_stubs_are_the_extension():
    found = stubs()
    assert found[None] == {name for name, one in vars(_sluice).items() if inspect.isbuiltin(one)}
    for name in ("Layout", "File", "Buffer", "Claim", "Drain", "Snapshot", "Producer"):
        real = {one for one in vars(getattr(_sluice, name)) if one not in ("__doc__", "__module__", "__del__")}
        assert found[name] - {"__init__", "__new__"} == real - {"__init__", "__new__"}


def test_the_types_hold_under_a_strict_checker(tmp_path):
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed: apt-get install mypy")
    examples = []
    for name in ("pendulum", "quickstart"):
        (tmp_path / f"{name}.py").write_text((PACKAGE / "examples" / f"{name}.py").read_text())
        examples += ["-m", name]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path, "-p", "sluice", *examples],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_everything_public_is_documented():
    for name in sluice.__all__:
        one = getattr(sluice, name)
        assert isinstance(one, str) or inspect.getdoc(one), name
    for kind in (sluice.FIFO, sluice.CircularBuffer, sluice.PacketLayout, sluice.Sink, sluice.PacketStatistics):
        for name in dir(kind):
            if not name.startswith("_") and name not in (
                "flush_size",
                "flush_timeout",
                "file_path",
                "formatter",
                "header",
                "mode",
            ):
                assert inspect.getdoc(getattr(kind, name)), f"{kind.__name__}.{name}"


def test_the_pendulum_runs(tmp_path):
    done = subprocess.run(
        [sys.executable, PACKAGE / "examples" / "pendulum.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "pendulum.dat").stat().st_size == 1000 * 8
    lines = (tmp_path / "pendulum.csv").read_text().splitlines()
    assert len(lines) == 1001
    assert lines[0].startswith("# ")
    assert "1000 packets" in done.stdout


def test_the_examples_of_the_readme_run(tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", (PACKAGE / "README.md").read_text(), re.S)
    assert blocks
    for block in blocks:
        folder = tmp_path / str(abs(hash(block)))
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", block], cwd=folder, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, block + done.stderr
