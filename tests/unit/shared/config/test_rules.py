"""Rules checked by themselves: the same problems as in the whole file, and no secrets needed."""

from pathlib import Path

import pytest

from shared.config.load import inspect
from shared.config.rules import inspect_data, inspect_rules
from shared.config.source import Problem
from tests.unit.shared.config.test_load import CASES, ENVIRONMENT


def _errors(problems: list[Problem]) -> list[Problem]:
    return [p for p in problems if not p.warning and ".rules" in p.path]


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_rules_have_the_errors_that_the_file_has(path: Path) -> None:
    _, in_file = inspect(path, ENVIRONMENT)
    _, alone = inspect_rules(path)

    assert _errors(alone) == _errors(in_file)


def test_neither_secrets_nor_the_rest_are_needed(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(
        "workspaces: {shop: {rules: {queues: {care: {}}, routes: [{name: all, queue: care}],\n"
        "  agents: {ana: {queues: [care]}}}}}"
    )

    found, problems = inspect_rules(file)

    assert problems == []
    assert found["shop"].routes[0].queue == "care"


def test_accounts_are_looked_up_only_where_the_file_has_them(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    route = "{name: all, when: {account: [wa]}, queue: care}, {name: rest, queue: care}"
    rules = (
        f"rules: {{queues: {{care: {{}}}}, routes: [{route}], agents: {{a: {{queues: [care]}}}}}}"
    )
    file.write_text(f"workspaces: {{shop: {{{rules}}}}}")
    assert inspect_rules(file)[1] == []

    file.write_text(f"workspaces: {{shop: {{channels: {{}}, {rules}}}}}")
    assert "unknown channel account 'wa'" in inspect_rules(file)[1][0].message


@pytest.mark.parametrize("text", ["", "api: {}", "workspaces: {shop: {title: Shop}}"])
def test_a_file_without_rules_says_where_they_go(tmp_path: Path, text: str) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(text)

    found, problems = inspect_rules(file)

    assert found == {}
    assert [problem.message for problem in problems] == [
        "no rules: they stand in workspaces: {<name>: {rules: …}}"
    ]


def test_a_missing_file_is_named() -> None:
    _, problems = inspect_rules(Path("absent.yaml"))

    assert problems[0].message == "cannot be read: No such file or directory"


def test_rules_that_came_as_json_have_paths() -> None:
    rules, problems = inspect_data(
        "shop",
        {"rules": {"queues": {"care": {}}, "routes": [{"name": "all", "queue": "cere"}]}},
    )

    assert rules is not None
    assert [(p.path, p.hint) for p in problems] == [
        ("workspaces.shop.rules.routes.0.queue", "did you mean 'care'?")
    ]
