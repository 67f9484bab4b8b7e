"""A service that cannot start says why in one line, and ends with status 1."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.commands import configured, run

_PATIENCE = 50.0
Environment = dict[str, str]


@pytest.fixture
def taken() -> Iterator[str]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield str(server.getsockname()[1])


def _edited(folder: Path, old: str, new: str) -> Environment:
    environment = configured(folder)
    file = folder / "patchbay.yaml"
    text = file.read_text()
    assert text.count(old) >= 1
    file.write_text(text.replace(old, new, 1))
    return environment


def _without(folder: Path, name: str) -> Environment:
    environment = configured(folder)
    del environment[name]
    return environment


def _with(**more: str) -> Callable[[Path], Environment]:
    return lambda folder: configured(folder) | more


@dataclass(frozen=True)
class Case:
    """What is wrong, with whom, and the words that must be said about it."""

    broken: Callable[[Path], Environment]
    command: str
    words: tuple[str, ...]


CASES = {
    "an unknown key": Case(
        lambda folder: _edited(folder, "time_zone:", "time_zoone:"),
        "services.router engine",
        ("patchbay.yaml:", "time_zoone", "time_zone"),
    ),
    "an unknown skill": Case(
        lambda folder: _edited(folder, "requires: {german: 1}", "requires: {germann: 1}"),
        "services.notifier",
        ("patchbay.yaml:", "germann", "german"),
    ),
    "a missing secret": Case(
        lambda folder: _without(folder, "DEMO_TWILIO"),
        "services.ingest --channel phone",
        ("patchbay.yaml:", "DEMO_TWILIO"),
    ),
    "no configuration": Case(
        _with(PATCHBAY_CONFIG="/there/is/none.yaml"),
        "patchbay serve all",
        ("/there/is/none.yaml",),
    ),
    "a wrong variable": Case(
        _with(PATCHBAY_INGEST_PORT="seventeen"),
        "patchbay serve all",
        ("PATCHBAY_INGEST_PORT",),
    ),
    "an unknown log": Case(
        _with(PATCHBAY_LOG="rabbit://localhost"),
        "services.router view",
        ("PATCHBAY_LOG", "kafka://"),
    ),
    "an unknown cache": Case(
        _with(PATCHBAY_REDIS_URL="memcached://localhost"),
        "services.router api",
        ("Redis",),
    ),
    "an unknown channel": Case(_with(), "services.ingest --channel fax", ("fax", "whatsapp")),
    "an unknown role": Case(_with(), "patchbay serve postman", ("postman", "notifier")),
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", CASES)
async def test_what_is_wrong_is_said_in_one_line(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    said = await run(case.command.split(), case.broken(tmp_path), _PATIENCE)
    *before, line = said.errors.splitlines()
    assert (said.status, said.output) == (1, "")
    assert [each for each in before if '"level": "info"' not in each] == []
    assert all(word in line for word in case.words), line


@pytest.mark.timeout(120)
@pytest.mark.parametrize("variable", ["PATCHBAY_PRIVATE_PORT", "PATCHBAY_API_PORT"])
async def test_a_port_that_is_taken_is_named(variable: str, taken: str, tmp_path: Path) -> None:
    environment = configured(tmp_path) | {variable: taken}
    said = await run(["services.router", "api"], environment, _PATIENCE)
    assert said.status == 1
    assert "Traceback" not in said.errors
    assert taken in said.errors.splitlines()[-1]
