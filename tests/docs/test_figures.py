"""docs/figures.md: its formulas, its example, and its commands are as they are in the code."""

import re
from pathlib import Path

import pytest
import yaml

from shared.figures.service_level import FORMULAS, Waits, service_levels
from shared.rules import Rules, ServiceLevel
from tests.platform.api.test_docs import run
from tests.router.desk import office

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "figures.md").read_text()


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_page_names_every_formula_and_the_default() -> None:
    assert set(re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE)) == set(FORMULAS)
    assert f"`{ServiceLevel().formula}` unless you say otherwise" in PAGE
    assert f"`short_abandon_seconds` ({ServiceLevel().short_abandon_seconds:g})" in PAGE


def test_the_example_comes_out_as_the_page_says() -> None:
    waits = Waits(
        offered=1060,
        answered=1000,
        answered_in_target=860,
        abandoned=60,
        abandoned_in_target=20,
        abandoned_short=10,
    )
    table = re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE)
    levels = service_levels(waits)
    said = [f"{100 * (levels[name] or 0):.1f}" for name in table]
    assert f"{', '.join(said[:-1])} and {said[-1]} %" in PAGE.replace("\n", " ")


def test_the_rules_of_the_page_are_rules() -> None:
    (block,) = _blocks("yaml")
    rules = Rules.model_validate(yaml.safe_load(block))
    assert rules.queues["support"].service_level.formula == "early_abandons_excluded"


async def test_the_commands_of_the_page_work(empty_redis: str) -> None:
    lines = "".join(_blocks("sh")).replace("\\\n", " ").splitlines()
    async with office(empty_redis) as here:
        names = {"API": here.desk.address, "SUPERVISOR": await here.desk.token("sue")}
        ran = [(line, await run(here.desk, line, names)) for line in lines]
    assert len(ran) == 2
    assert [got.status for _, got in ran] == [200, 200]


@pytest.mark.parametrize("name", ["deploy/prometheus/rules.yml", "deploy/grafana/routing.json"])
def test_the_files_it_names_exist(name: str) -> None:
    assert f"`{name}`" in PAGE
    assert (ROOT / name).exists()
