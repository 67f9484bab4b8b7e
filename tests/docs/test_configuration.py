"""The example configuration passes the check, and its pages say what the code says."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from unittest import mock

import pytest
from pydantic_settings import BaseSettings

from shared.channels.registry import CHANNELS
from shared.commerce.registry import SOURCES
from shared.settings import ServiceSettings
from tests.deploy import variables
from tests.docs import environment, keys

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "patchbay.yaml").read_text()
PAGE = keys.FILE.read_text()
ENVIRONMENT = environment.FILE.read_text()
NAMED = re.findall(r"^[^#\n]*\{env: ([A-Z_]+)\}", EXAMPLE, re.MULTILINE)


def _variables(text: str) -> Mapping[str, str]:
    return dict(
        shlex.split(line)[0].split("=", 1)
        for line in text.splitlines()
        if re.match(r"[A-Z_]+=", line)
    )


def test_the_tables_are_those_of_the_models() -> None:
    assert keys.written(PAGE) == PAGE, "run `make docs`"


def test_the_settings_are_those_of_the_classes() -> None:
    assert environment.written(ENVIRONMENT) == ENVIRONMENT, "run `make docs`"


def test_every_model_has_a_table_and_every_key_a_meaning() -> None:
    tables = re.findall(r"<!-- keys: (\w+) -->\n(?=\|)", PAGE)
    without = re.findall(r"^\| `(\w+)` .*\|  \|$", PAGE, re.MULTILINE)

    assert sorted(tables) == sorted(keys.models().keys() - {"AccountSettings"})
    assert without == []


def test_every_link_on_the_page_leads_somewhere() -> None:
    anchors = {keys.slug(heading) for heading in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)}

    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) <= anchors


def test_the_example_passes_the_check_with_the_example_values() -> None:
    script = f"set -a; . ./.env.example; exec {sys.executable} -m patchbay check patchbay.yaml"
    done = subprocess.run(
        ["/bin/sh", "-euc", script],
        cwd=ROOT,
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "patchbay.yaml: 0 errors, 0 warnings\n")


def test_the_example_values_are_those_the_example_names() -> None:
    assert _variables(ENVIRONMENT).keys() == set(NAMED)


@pytest.mark.parametrize("service", variables.SERVICES)
def test_the_settings_may_be_uncommented_as_they_are(service: str) -> None:
    shown = _variables(re.sub(r"^#(?=[A-Z_]+=.)", "", ENVIRONMENT, flags=re.MULTILINE))

    assert variables.known_to(service) - shown.keys() <= set(re.findall(r"\w+(?==\n)", ENVIRONMENT))
    known: list[type[BaseSettings]] = [ServiceSettings, *variables.settings_of(service)]
    for settings in known:
        with mock.patch.dict(os.environ, shown, clear=True):
            assert settings() == settings.model_construct()


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_example_has_every_channel(channel: str) -> None:
    assert f"channel: {channel}\n" in EXAMPLE


@pytest.mark.parametrize("source", SOURCES)
def test_the_example_has_every_source_of_facts(source: str) -> None:
    assert re.search(rf"source: {source}\b", EXAMPLE)


def test_no_variable_file_is_committed() -> None:
    assert ".env" in (ROOT / ".gitignore").read_text().split()
