"""docs/operations.md says what the code and the manifests say."""

import re

import pytest

from tests.deploy import page
from tests.deploy.page import PAGE

TEXT = PAGE.read_text()
SERVICES = PAGE.parents[1] / "services"
GROUPS = sorted(
    group
    for file in SERVICES.rglob("*.py")
    for group in re.findall(r'^GROUP = "(.+)"$', file.read_text(), re.MULTILINE)
)


def test_its_tables_are_those_of_the_code() -> None:
    assert page.written(TEXT) == TEXT, "run `make docs`"


def test_every_table_is_there_and_has_rows() -> None:
    assert re.findall(r"<!-- table: (\w+) -->\n(?=[|*])", TEXT) == ["topics", "metrics", "settings"]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(patchbay_\w+)[`{]", TEXT))))
def test_a_metric_it_names_exists(name: str) -> None:
    assert f"| `{name}` |" in page.metrics()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(PATCHBAY_\w+[A-Z])`", TEXT))))
def test_a_variable_it_names_exists(name: str) -> None:
    assert f"| `{name}` |" in page.settings()


@pytest.mark.parametrize("group", GROUPS)
def test_every_consumer_group_is_named(group: str) -> None:
    assert f"`{group}`" in TEXT


def test_the_services_have_consumer_groups() -> None:
    assert {"router", "notifier"} <= set(GROUPS)
