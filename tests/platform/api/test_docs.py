"""docs/api.md: its commands are run as they stand, its tables are complete."""

import re
import shlex
from pathlib import Path
from typing import Any

from services.router.api.announce import EVENT_NAMES
from services.router.api.problems import KINDS
from shared.events import routing as was
from tests.router.contract import described
from tests.router.desk import Desk, Got, office
from tests.router.owner import NOW_MS
from tests.router.scenes import accepted, offer

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text()


def commands() -> list[str]:
    """Every curl command of the page, in order."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.startswith("curl ")]


async def run(desk: Desk, command: str, names: dict[str, str]) -> Got:
    """One command, as curl would send it."""
    for name, value in names.items():
        command = command.replace(f"${name}", value)
    assert "$" not in command
    words = iter(shlex.split(command)[1:])
    method, path, headers, data = "GET", "", dict[str, str](), None
    for word in words:
        match word:
            case "-X":
                method = next(words)
            case "-H":
                name, _, value = next(words).partition(": ")
                headers[name] = value
            case "-d":
                data = next(words)
            case _:
                path = word.removeprefix(desk.address)
    assert described(method, path) is not None
    return await desk.call(method, path, headers=headers, data=data)


def decide(command: Any) -> list[Any]:
    """What an engine would."""
    match type(command).__name__:
        case "SetPresence":
            return [was.PresenceChanged(command.agent, command.state, NOW_MS)]
        case "AcceptOffer":
            return accepted()
        case "Close":
            return [
                was.Closed("cnv_1", "ana", NOW_MS),
                was.WrapUpStarted("cnv_1", "ana", NOW_MS, NOW_MS + 1000),
            ]
        case "RequestCallback":
            return [was.CallbackAsked("cnv_1", "ana", NOW_MS)]
        case _:
            return [was.Unchanged()]


async def test_the_commands_of_the_page_work(empty_redis: str) -> None:
    async with office(empty_redis) as here, here.desk.listen("ana"):
        await offer(here)
        here.engine.answer = decide
        names = {
            "API": here.desk.address,
            "TOKEN": await here.desk.token("ana"),
            "SUPERVISOR": await here.desk.token("sue"),
            "LINE": "line",
            "OFFER": "off_cnv_1",
            "CONVERSATION": "cnv_1",
        }
        ran = [
            (command, await run(here.desk, command, names))
            for command in commands()
            if not command.startswith("curl -N")  # the stream, which is open already
        ]
    assert len(ran) >= 14
    failed = [(command, got.body) for command, got in ran if got.status not in (200, 201, 202)]
    assert failed == []


def table(heading: str) -> list[str]:
    """The first column of the table under a heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`(\w+)`", row)]


def test_the_page_names_every_event() -> None:
    assert set(table("The stream")) == set(EVENT_NAMES)


def test_the_page_names_every_problem_with_its_status() -> None:
    assert table("Problems") == list(KINDS)
    for code, kind in KINDS.items():
        assert f"| `{code}` | {kind.status} |" in PAGE
