"""The `patchbay` command, as somebody types it."""

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from patchbay.cli import app
from shared import passwords
from tests.unit.shared.config.test_load import CASES, ENVIRONMENT


def _typed(*words: str) -> tuple[int, str]:
    done = CliRunner(env=ENVIRONMENT).invoke(app, list(words))
    return done.exit_code, done.stdout


@pytest.mark.parametrize(
    ("case", "status", "summary"),
    [
        ("right", 0, "0 errors, 0 warnings"),
        ("typo", 1, "1 error, 0 warnings"),
        ("several_at_once", 1, "2 errors, 0 warnings"),
        ("nobody_can_meet_a_route", 0, "0 errors, 1 warning"),
    ],
)
def test_check_counts_and_its_status_is_about_errors(case: str, status: int, summary: str) -> None:
    file = CASES / f"{case}.yaml"
    lines = file.with_suffix(".txt").read_text().splitlines()

    told = [f"{CASES}/{line}" for line in lines]

    assert _typed("check", str(file)) == (status, "\n".join([*told, f"{file}: {summary}", ""]))


def test_check_tells_programs_the_same() -> None:
    status, output = _typed("check", "--json", str(CASES / "typo.yaml"))

    (problem,) = orjson.loads(output)
    assert status == 1
    assert problem == {
        "file": str(CASES / "typo.yaml"),
        "line": 12,
        "path": "workspaces.acme.rules.queues.support.titel",
        "message": "unknown key 'titel'",
        "hint": "did you mean 'title'?",
        "warning": False,
    }


def test_check_takes_the_file_that_services_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHBAY_CONFIG", str(CASES / "right.yaml"))

    status, output = _typed("check")

    assert (status, "right.yaml: 0 errors" in output) == (0, True)


def test_check_says_that_there_is_no_file(tmp_path: Path) -> None:
    status, output = _typed("check", str(tmp_path / "absent.yaml"))

    assert status == 1
    assert "absent.yaml:1: cannot be read: No such file or directory" in output


def test_a_password_becomes_its_hash() -> None:
    status, output = _typed("hash-password", "--password", "correct horse")

    assert status == 0
    assert passwords.matches("correct horse", output.strip())


def test_a_role_that_is_none_is_named() -> None:
    done = CliRunner(env=ENVIRONMENT).invoke(app, ["serve", "enigne"])

    assert done.exit_code == 1
    assert "no role 'enigne'" in done.stderr
