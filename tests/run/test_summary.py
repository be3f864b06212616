"""The counting behind the last line of ./run test: nothing that went wrong may be counted as a pass or get lost."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRX = (
    '<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results>{}</Results></TestRun>'
)


class Results:
    """A folder of results as the suites leave them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.suites: list[str] = []

    def add(self, name: str, text: str | None, *, status: int = 0, kind: str = "xml") -> None:
        self.suites.append(name)
        (self.folder / f"{name}.status").write_text(f"{status}\n")
        if text is not None:
            (self.folder / f"{name}.{kind}").write_text(text)

    def summary(self) -> tuple[int, str, str]:
        """Exit status, last line, whole output."""
        done = subprocess.run(
            [sys.executable, ROOT / ".run" / "summary.py", self.folder, *self.suites],
            capture_output=True, text=True, check=False, timeout=60,
        )
        assert done.stderr == ""
        return done.returncode, done.stdout.splitlines()[-1], done.stdout


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results(tmp_path)


def pytest_xml(*cases: str) -> str:
    return f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>"


PASSED = '<testcase classname="tests.test_ring" name="test_put"/>'


def test_counts_are_summed_over_suites(results: Results) -> None:
    results.add("engine", TRX.format('<UnitTestResult testName="A" outcome="Passed"/>' * 3), kind="trx")
    results.add("python", pytest_xml(PASSED, PASSED))
    assert results.summary()[:2] == (0, "5 passed, 0 failed")


def test_skipped_tests_are_counted_and_give_their_reason(results: Results) -> None:
    skipped = (
        '<UnitTestResult testName="B" outcome="NotExecuted"><Output><ErrorInfo>'
        "<Message>no recorded runs here</Message></ErrorInfo></Output></UnitTestResult>"
    )
    results.add("engine", TRX.format('<UnitTestResult testName="A" outcome="Passed"/>' + skipped), kind="trx")
    results.add("native", (
        '<testsuite><testcase name="abi.image" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/>'
        "<system-out>skipped: no such level</system-out></testcase></testsuite>"))
    results.add("python", pytest_xml('<testcase classname="t" name="n"><skipped message="no tmpfs"/></testcase>'))
    status, last, output = results.summary()
    assert (status, last) == (0, "1 passed, 0 failed, 3 skipped")
    for reason in ("no recorded runs here", "no such level", "no tmpfs"):
        assert reason in output


@pytest.mark.parametrize("case", [
    '<testcase classname="t" name="n"><failure message="x"/></testcase>',
    '<testcase classname="t" name="n"><error message="x"/></testcase>',
    '<testcase name="n" status="fail"><failure message="x"/></testcase>',
    '<testcase name="n" status="notrun"><skipped message="Unable to find executable"/></testcase>',
    '<testcase name="n" status="disabled"/>',
])
def test_what_failed_or_could_not_run_is_a_failure(results: Results, case: str) -> None:
    results.add("native", pytest_xml(PASSED, case), status=8)
    assert results.summary()[:2] == (1, "1 passed, 1 failed")


@pytest.mark.parametrize("outcome", ["Failed", "Timeout", "Aborted", "Inconclusive"])
def test_any_other_outcome_of_a_csharp_test_is_a_failure(results: Results, outcome: str) -> None:
    results.add("engine", TRX.format(f'<UnitTestResult testName="A" outcome="{outcome}"/>'), kind="trx", status=1)
    assert results.summary()[:2] == (1, "0 passed, 1 failed")


def test_a_suite_without_a_result_is_a_failure(results: Results) -> None:
    results.add("engine", None, status=134)
    results.add("python", pytest_xml(PASSED))
    status, last, output = results.summary()
    assert (status, last) == (1, "1 passed, 1 failed")
    assert "engine: no readable result" in output


def test_a_suite_cut_off_in_its_result_is_a_failure(results: Results) -> None:
    results.add("python", "<testsuites><testsuite><testcase")
    assert results.summary()[:2] == (1, "0 passed, 1 failed")


def test_a_suite_that_ran_nothing_is_a_failure(results: Results) -> None:
    results.add("python", pytest_xml(), status=5)
    assert results.summary()[:2] == (1, "0 passed, 1 failed")


def test_a_suite_that_crashed_after_its_last_test_is_a_failure(results: Results) -> None:
    results.add("engine", TRX.format('<UnitTestResult testName="A" outcome="Passed"/>'), kind="trx", status=1)
    status, last, output = results.summary()
    assert (status, last) == (1, "1 passed, 1 failed")
    assert "ended with status 1" in output
