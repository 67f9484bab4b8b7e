"""`patchbay explain` on the log of a Patchbay that has run."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from patchbay.cli import app
from shared.events import commands
from shared.rules import Rules
from shared.sqlite import SqliteLog
from tests.router.shards import WORKSPACE, Site, owning, site

RULES = Rules.model_validate(
    {
        "queues": {"support": {"pick": "least_loaded"}},
        "routes": [{"name": "everything", "queue": "support"}],
        "agents": {
            "ada": {"queues": ["support"], "capacity": {"whatsapp": 2}, "total": 2},
            "bob": {"queues": ["support"], "capacity": {"whatsapp": 1}},
        },
    }
)


async def _days_work(place: Site) -> list[str]:
    """Two agents, who take three conversations; a fourth waits for them."""
    async with owning(place, "one", rules={WORKSPACE: RULES}):
        await place.sign_in("ada")
        await place.sign_in("bob")
        await place.until("presence_changed", 2)
        for number in range(1, 4):
            await place.customer(number)
            offered = (await place.until("offered", number))[-1]
            await place.command(
                commands.AcceptOffer(workspace=WORKSPACE, actor=offered.agent, offer=offered.offer)
            )
            await place.until("assigned", number)
        await place.customer(4)
        await place.until("queued", 4)
        return [event.conversation for event in await place.until("opened", 4)]


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    """The log's address, and the conversations in the order they opened."""
    path = tmp_path_factory.mktemp("log") / "patchbay.db"

    async def work() -> list[str]:
        async with SqliteLog(str(path)) as log, site(log) as place:
            return await _days_work(place)

    return f"sqlite:///{path}", asyncio.run(work())


def _run(*words: str) -> Result:
    env = {"PATCHBAY_SHARDS": "1", "COLUMNS": "200"}
    return CliRunner().invoke(app, ["explain", *words], env=env)


def test_an_agents_choice_is_told_with_the_numbers_compared(
    worked: tuple[str, list[str]],
) -> None:
    """The third goes to the only one with room; the second to the one with less work."""
    log, names = worked
    told = _run(names[1], "--log", log).stdout
    assert f"{names[1]} of workspace {WORKSPACE}" in told
    assert "route everything" in told
    assert "chosen by least loaded" in told
    assert "bob: helps_out 0, units_taken 0, idle_order" in told
    assert told.index("bob: helps_out 0, units_taken 0") < told.index("ada: helps_out 0")
    assert "held with bob" in told


def test_what_kept_the_others_is_told(worked: tuple[str, list[str]]) -> None:
    log, names = worked
    assert "not asked: 1 at capacity" in _run(names[2], "--log", log).stdout


def test_what_waits_tells_for_whom_and_what_hinders_them(worked: tuple[str, list[str]]) -> None:
    log, names = worked
    told = _run(names[3], "--log", log, "-w", WORKSPACE).stdout
    assert "nobody could take it: 2 at capacity" in told
    assert "ada: at capacity (2 of 2 on whatsapp, 2 of 2 units)" in told
    assert "next: an agent" in told
    assert "Now (" in told


def test_it_tells_no_addresses(worked: tuple[str, list[str]]) -> None:
    log, names = worked
    assert "+49" not in _run(names[0], "--log", log).stdout
    assert "+49" not in _run(names[0], "--log", log, "--json").stdout


def test_as_json(worked: tuple[str, list[str]]) -> None:
    log, names = worked
    found: dict[str, Any] = orjson.loads(_run(names[3], "--log", log, "--json").stdout)
    assert (found["workspace"], found["whole"], found["weighed"]) == (WORKSPACE, True, True)
    assert [reason["event"] for reason in found["reasons"]] == ["opened", "queued"]
    assert found["now"]["status"] == "waiting"
    assert found["now"]["obstacles"] == {"at_capacity": 2}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("cnv_unknown",), "says nothing of cnv_unknown"),
        (("cnv_unknown", "-w", "nobody"), "says nothing of cnv_unknown"),
    ],
    ids=["anywhere", "in that workspace"],
)
def test_an_unknown_one(worked: tuple[str, list[str]], words: tuple[str, ...], said: str) -> None:
    found = _run(*words, "--log", worked[0])
    assert (found.exit_code, said in found.stderr) == (1, True)


def test_without_a_log(tmp_path: Path) -> None:
    found = _run("cnv_1", "--log", f"sqlite:///{tmp_path}/none.db")
    assert (found.exit_code, "there is no log" in found.stderr) == (1, True)
    assert not (tmp_path / "none.db").exists()
