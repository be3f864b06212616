"""Counts what the test suites gave: a table, the failed and skipped tests by name, and one last line.

usage: summary.py RESULTS SUITE...

A suite leaves RESULTS/SUITE.trx (dotnet test) or RESULTS/SUITE.xml (JUnit: ctest, pytest) and its exit status in
RESULTS/SUITE.status. A suite without a result, or one that ended with an error although no test failed, counts as one failure.
"""

import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

TRX = "{http://microsoft.com/schemas/VisualStudio/TeamTest/2010}"


@dataclass
class Suite:
    """What one suite gave."""

    name: str
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.passed + len(self.failed) + len(self.skipped)


def first_line(text: str | None) -> str:
    lines = (text or "").strip().splitlines()
    return lines[0] if lines else ""


def read_trx(path: Path, suite: Suite) -> None:
    for result in ElementTree.parse(path).iter(f"{TRX}UnitTestResult"):
        name = result.get("testName", "?")
        outcome = result.get("outcome")
        if outcome == "Passed":
            suite.passed += 1
        elif outcome == "NotExecuted":
            message = result.find(f"{TRX}Output/{TRX}ErrorInfo/{TRX}Message")
            suite.skipped.append(f"{name}: {first_line(message.text if message is not None else '')}")
        else:
            suite.failed.append(name)


def skip_reason(case: ElementTree.Element, skipped: ElementTree.Element) -> str | None:
    """Why a test was skipped; None where it could not run at all, which is a failure.

    CTest writes both as <skipped>: a test that asked for it has a message that starts with SKIP_, and says why on its output.
    """
    message = skipped.get("message", "")
    if case.get("status") is None:  # pytest
        return message
    if message.startswith("SKIP_"):
        return first_line(case.findtext("system-out")) or message
    return None


def read_junit(path: Path, suite: Suite) -> None:
    for case in ElementTree.parse(path).iter("testcase"):
        name = case.get("name", "?")
        if case.get("status") is None and case.get("classname"):
            name = f"{case.get('classname')}.{name}"
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            suite.failed.append(name)
        elif skipped is None and case.get("status", "run") == "run":
            suite.passed += 1
        else:
            reason = None if skipped is None else skip_reason(case, skipped)
            if reason is None:
                suite.failed.append(f"{name} (did not run)")
            else:
                suite.skipped.append(f"{name}: {reason}")


def read_suite(results: Path, name: str) -> Suite:
    suite = Suite(name)
    try:
        if (results / f"{name}.trx").exists():
            read_trx(results / f"{name}.trx", suite)
        else:
            read_junit(results / f"{name}.xml", suite)
    except (OSError, ElementTree.ParseError) as error:
        suite.failed.append(f"{name}: no readable result ({error})")
        return suite
    status = (results / f"{name}.status").read_text().strip()
    if suite.total == 0:
        suite.failed.append(f"{name}: ran no test (exit status {status})")
    elif status != "0" and not suite.failed:
        suite.failed.append(f"{name}: ended with status {status} although no test failed")
    return suite


def main(arguments: list[str]) -> int:
    results = Path(arguments[0])
    suites = [read_suite(results, name) for name in arguments[1:]]

    print(f"\n{'suite':<12}{'passed':>8}{'failed':>8}{'skipped':>9}")
    for suite in suites:
        print(f"{suite.name:<12}{suite.passed:>8}{len(suite.failed):>8}{len(suite.skipped):>9}")
    for suite in suites:
        for line in suite.skipped:
            print(f"skipped: {suite.name}: {line}")
    for suite in suites:
        for line in suite.failed:
            print(f"FAILED: {suite.name}: {line}")

    passed = sum(suite.passed for suite in suites)
    failed = sum(len(suite.failed) for suite in suites)
    skipped = sum(len(suite.skipped) for suite in suites)
    print(f"\n{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not suites else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
