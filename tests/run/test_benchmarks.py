"""What reads the results of the benchmarks: the table and the comparison with a stored baseline."""

import json
import subprocess
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def result(name: str, ratio: float, unit: str = "M/s", target: float | None = 1.0, ours: float = 5.0) -> dict:
    met = None if target is None else ratio >= target
    return {"name": name, "ours": ours, "theirs": 4.0, "unit": unit, "ratio": ratio, "target": target, "met": met}


def script(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = ["/usr/bin/python3", BENCHMARKS / name, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def compare(tmp_path: Path):
    """Stores a baseline of some results and compares others with it."""

    def run(before: list[dict], after: list[dict], *options: str) -> subprocess.CompletedProcess[str]:
        results, baseline = tmp_path / "results.json", tmp_path / "baseline.json"
        results.write_text(json.dumps(before))
        assert script("compare.py", "--update", "--baseline", baseline, results).returncode == 0
        results.write_text(json.dumps(after))
        return script("compare.py", "--baseline", baseline, *options, results)

    return run


def test_the_table_shows_both_sides_and_names_what_missed_its_target(tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    path.write_text(json.dumps([result("fast", 1.25), result("slow", 0.5), result("known", 0.5, target=None)]))
    done = script("report.py", path)
    assert done.returncode == 0
    assert "1 of 2 targets met" in done.stdout
    assert "NOT MET: slow" in done.stdout
    assert "NOT MET: known" not in done.stdout


def test_a_ratio_within_the_tolerance_is_not_worse(compare) -> None:
    assert compare([result("a", 2.0)], [result("a", 1.5)]).returncode == 0


def test_a_ratio_below_the_tolerance_is_worse(compare) -> None:
    done = compare([result("a", 2.0), result("b", 1.0)], [result("a", 1.2), result("b", 1.0)])
    assert done.returncode == 1
    assert "WORSE: a: ratio 1.2, the baseline is 2 (tolerance 35%)" in done.stdout
    assert "1 worse" in done.stdout


def test_absolute_figures_do_not_matter(compare) -> None:
    assert compare([result("a", 2.0, ours=900.0)], [result("a", 2.0, ours=1.0)]).returncode == 0


def test_a_single_allocated_byte_is_worse(compare) -> None:
    done = compare([result("a: allocated", 1, "B/call", ours=0)], [result("a: allocated", 0, "B/call", ours=1)])
    assert done.returncode == 1
    assert "1 bytes per call, the baseline is 0" in done.stdout


def test_a_benchmark_that_is_gone_is_worse_unless_only_some_were_run(compare) -> None:
    assert compare([result("a", 1.0), result("b", 1.0)], [result("a", 1.0)]).returncode == 1
    assert compare([result("a", 1.0), result("b", 1.0)], [result("a", 1.0)], "--some").returncode == 0
