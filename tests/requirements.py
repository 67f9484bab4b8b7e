"""Optional tools: the only reason for which a test may not run, and it is said aloud.

A test that needs a program calls `require_tool`. Where the program is missing the test is left out,
the end of the run lists it with the Debian package to install, and where CI is set the run fails.
Any other skip or expected failure fails the run everywhere: a test that never runs proves nothing.
"""

import shutil
from collections.abc import Generator
from pathlib import Path
from typing import NoReturn

import pytest

_REASON = "missing tool: "


def require_tool(program: str, *, package: str) -> Path:
    """The path of a program on PATH; without it the calling test or fixture is left out."""
    found = shutil.which(program)
    if found is None:
        leave_out(program, package)
    return Path(found)


def leave_out(tool: str, package: str) -> NoReturn:
    """Leave out the calling test, or every test of the calling fixture, for want of a tool."""
    pytest.skip(f"{_REASON}{tool} (apt-get install {package})")


class LeftOut:
    """Counts the tests that did not run, and has the last word on the exit status."""

    def __init__(self, *, strict: bool) -> None:
        self._strict = strict
        self._for_tools: dict[str, list[str]] = {}
        self._for_nothing: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if not report.skipped:
            return
        text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        _, found, tool = text.partition(_REASON)
        if found:
            self._for_tools.setdefault(tool, []).append(report.nodeid)
        else:
            self._for_nothing.append(report.nodeid)

    @property
    def _failed(self) -> bool:
        return bool(self._for_nothing or (self._strict and self._for_tools))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._failed and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> Generator[None, None, None]:
        yield  # the last thing printed is the last thing read
        for tool, tests in sorted(self._for_tools.items()):
            title = f"{len(tests)} TESTS DID NOT RUN: {_REASON}{tool}"
            terminalreporter.write_sep("!", title, red=True, bold=True)
            terminalreporter.write_line("\n".join(tests))
        if self._for_tools and self._strict:
            terminalreporter.write_line("CI is set: tests that did not run are a failure", red=True)
        if self._for_nothing:
            title = f"{len(self._for_nothing)} TESTS SKIPPED OR EXPECTED TO FAIL: not allowed"
            terminalreporter.write_sep("!", title, red=True, bold=True)
            terminalreporter.write_line("\n".join(self._for_nothing))
