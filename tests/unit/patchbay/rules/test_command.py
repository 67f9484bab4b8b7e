"""What `patchbay rules` says where nothing runs, and to files that are wrong."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from patchbay.cli import app

RIGHT = """
workspaces:
  shop:
    rules:
      queues: {care: {}}
      routes: [{name: all, queue: care}]
      agents: {ana: {queues: [care]}}
"""
WRONG = RIGHT.replace("[{name: all, queue: care}]", "[{name: all, queue: cere}]")
DOUBTFUL = RIGHT.replace("{care: {}}", "{care: {}, other: {}}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("right", RIGHT), ("wrong", WRONG), ("doubtful", DOUBTFUL)):
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def rules(folder: Path, *words: str) -> Result:
    """`patchbay rules …` in this folder, where no Patchbay has ever run."""
    environ = {"PATCHBAY_LOG": f"sqlite:///{folder}/none.db", "PATCHBAY_SHARDS": "2"}
    arguments = [str(folder / word) if word.endswith(".yaml") else word for word in words]
    return CliRunner(env=environ).invoke(app, ["rules", *arguments])


def test_right_rules_are_right(folder: Path) -> None:
    done = rules(folder, "check", "right.yaml")

    assert done.exit_code == 0
    assert done.output.endswith("right.yaml: rules of shop: 0 errors, 0 warnings\n")


def test_an_error_is_exit_status_1_and_a_warning_is_not(folder: Path) -> None:
    wrong, doubtful = rules(folder, "check", "wrong.yaml"), rules(folder, "check", "doubtful.yaml")

    assert (wrong.exit_code, doubtful.exit_code) == (1, 0)
    assert "wrong.yaml:6: workspaces.shop.rules.routes.0.queue: unknown queue" in wrong.output
    assert "doubtful.yaml:5: warning: workspaces.shop.rules.queues.other" in doubtful.output


def test_problems_as_json(folder: Path) -> None:
    (problem,) = json.loads(rules(folder, "check", "wrong.yaml", "--json").stdout)

    assert problem == {
        "line": 6,
        "path": "workspaces.shop.rules.routes.0.queue",
        "message": "unknown queue 'cere'",
        "hint": "did you mean 'care'?",
        "warning": False,
    }


@pytest.mark.parametrize(
    "words",
    [
        ("apply", "right.yaml"),
        ("list",),
        ("show", "1"),
        ("rollback",),
        ("try", "right.yaml", "--share", "5"),
        ("stop",),
        ("shadow", "right.yaml", "--for", "1"),
    ],
    ids=lambda words: str(words[0]),
)
def test_where_no_log_is_none_is_made(folder: Path, words: tuple[str, ...]) -> None:
    done = rules(folder, *words)

    assert done.exit_code == 1
    assert "there is no log at sqlite:///" in done.output
    assert not (folder / "none.db").exists()


def test_a_workspace_that_the_file_does_not_have(folder: Path) -> None:
    done = rules(folder, "apply", "right.yaml", "--workspace", "store")

    assert done.exit_code == 1
    assert "no rules of workspace 'store'" in done.output


@pytest.mark.parametrize("share", ["0", "101", "much"])
def test_a_share_is_a_percentage(folder: Path, share: str) -> None:
    assert rules(folder, "try", "right.yaml", "--share", share).exit_code == 2
