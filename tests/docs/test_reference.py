"""The documentation as pages: it can be made, and the reference has every public name."""

import html
import re
import subprocess
from pathlib import Path

import pytest

import sluice

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("docs")
    done = subprocess.run([ROOT / "run", "docs", "--out", out], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return out / "html"


def anchors(page: Path) -> set[str]:
    return set(re.findall(r'\bid="([^"]+)"', page.read_text()))


def test_every_exported_function_is_in_the_reference(pages: Path) -> None:
    exported = re.findall(r"^(sluice_\w+)@", (ROOT / "interop/abi/symbols.txt").read_text(), re.M)
    assert len(exported) > 50
    here = anchors(pages / "reference/c.html") | anchors(pages / "reference/ring.html")
    inline = {name for name in exported if name.startswith(("sluice_ring_", "sluice_producer_", "sluice_consumer_", "sluice_batch_"))}
    missing = [name for name in set(exported) - inline if f"c.{name}" not in here]
    assert not missing


def test_every_class_of_the_cpp_headers_is_in_the_reference(pages: Path) -> None:
    here = anchors(pages / "reference/cpp.html")
    declared = set()
    for header in (ROOT / "bindings/cpp/include/sluice/cpp").glob("*.hpp"):
        public = re.sub(r"^namespace detail\n.*?^} // namespace detail", "", header.read_text(), flags=re.M | re.S)
        declared |= set(re.findall(r"^(?:template <[^>]*> )?(?:class|struct) (?:\[\[nodiscard\]\] )?(\w+)[^;]*$", public, re.M))
    assert {"buffer", "producer", "claim", "batch", "layout"} < declared
    missing = [name for name in declared if not any(f"6sluice{len(name)}{name}E" in one for one in here)]
    assert not missing


def test_every_name_of_the_package_is_in_the_reference(pages: Path) -> None:
    here = anchors(pages / "reference/python.html")
    assert not [name for name in sluice.__all__ if not name.startswith("__") and f"sluice.{name}" not in here]


def test_every_method_of_a_buffer_is_described(pages: Path) -> None:
    here = anchors(pages / "reference/python.html")
    methods = [name for name in dir(sluice.FIFO) if not name.startswith("_")]
    assert not [name for name in methods if f"sluice.PacketBuffer.{name}" not in here]


def test_what_the_header_says_is_what_the_page_says(pages: Path) -> None:
    text = html.unescape(re.sub(r"<[^>]+>", "", (pages / "reference/c.html").read_text()))
    assert "“> header:B=0xA1; pin:B; time:I*1e-3 [s] %.3f; adc:H”" in text
    assert "as “<u2”" in text


def test_links_between_pages_lead_somewhere(pages: Path) -> None:
    for page in pages.rglob("*.html"):
        for target in re.findall(r'href="([^"#:]+\.(?:html|md))(?:#[^"]*)?"', page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
