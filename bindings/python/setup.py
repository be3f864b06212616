"""Builds the wheel: the package, its extension, and libsluice with all its CPU images.

The library comes from the stage folder of the build (SLUICE_STAGE, else build/stage of the source tree); the
version is the one in Directory.Build.props.
"""

import os
import re
import shutil
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
STAGE = Path(os.environ.get("SLUICE_STAGE", ROOT / "build" / "stage")).resolve()
LIBRARY = "libsluice.so.1"


def version() -> str:
    properties = (ROOT / "Directory.Build.props").read_text(encoding="utf-8")
    found = re.search(r"<Version>([^<]+)</Version>", properties)
    if found is None:
        raise SystemExit("Directory.Build.props has no <Version>")
    return found[1]


class BuildWithLibrary(build_ext):
    """Puts the library next to the extension, in the folders in which the loader looks for images."""

    def run(self) -> None:
        super().run()
        images = sorted((STAGE / "lib").rglob(LIBRARY))
        if STAGE / "lib" / LIBRARY not in images:
            raise SystemExit(f"{STAGE / 'lib' / LIBRARY} is missing: build the library first (./run build)")
        target = Path(self.build_lib) / "sluice" / "lib"
        shutil.rmtree(target, ignore_errors=True)
        for image in images:
            copy = target / image.relative_to(STAGE / "lib")
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(image, copy)
            copy.chmod(0o755)


setup(
    version=version(),
    package_dir={"": "src"},
    packages=["sluice", "sluice._generated"],
    package_data={"sluice": ["py.typed", "*.pyi"]},
    ext_modules=[
        Extension(
            "sluice._sluice",
            sources=sorted(str(path.relative_to(HERE)) for path in (HERE / "native").glob("*.c")),
            depends=[
                str(path)
                for path in (*(HERE / "native").rglob("*.h"), *(ROOT / "interop" / "include").rglob("*.h"))
            ],
            include_dirs=[str(ROOT / "interop" / "include")],
            define_macros=[("Py_LIMITED_API", "0x030B0000"), ("_GNU_SOURCE", None)],
            # A call without a declaration is one beyond the limited interface, whose pointers come back cut short.
            extra_compile_args=(
                "-std=gnu11 -O2 -g0 -fno-plt -fvisibility=hidden -Wall -Wextra -Werror=implicit-function-declaration"
            ).split(),
            # The loader finds the package's own library first, and picks the image for the CPU.
            extra_link_args=["-Wl,--disable-new-dtags,-rpath,$ORIGIN/lib"],
            py_limited_api=True,
        )
    ],
    cmdclass={"build_ext": BuildWithLibrary},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
    zip_safe=False,
)
