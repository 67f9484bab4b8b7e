"""Recorded traffic again: as it was, and otherwise."""

import asyncio
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from patchbay.cli import app
from patchbay.recorded.visits import Presence
from patchbay.replay.command import compared
from patchbay.replay.page import page
from patchbay.replay.run import Replay
from patchbay.replay.traffic import Contact, contacts
from patchbay.replay.words import table
from shared.errors import ConfigurationInvalid
from tests.unit.patchbay.replay.record import RULES, SECOND, START, morning, written

_ROSTER = """
time_zone: UTC
shifts:
  - {agents: [ana], from: "00:00", to: "24:00"}
  - {like: ana, count: 2, from: "00:00", to: "24:00"}
"""


def test_what_is_replayed_unchanged_comes_out_unchanged() -> None:
    recorded, replayed = compared(morning().recording, None, None, None, None)

    assert recorded.total == replayed.total
    assert recorded.total.contacts == 3
    assert (recorded.total.answered, recorded.total.abandoned) == (2, 1)
    assert recorded.fates[1].wait == replayed.fates[1].wait == 52 * SECOND
    assert recorded.agents == replayed.agents == {"ana": 160.0}


def test_one_more_agent_and_nobody_gives_up(tmp_path: Path) -> None:
    roster = tmp_path / "roster.yaml"
    roster.write_text(_ROSTER)

    *_, otherwise = compared(morning().recording, None, None, None, roster)

    assert (otherwise.total.answered, otherwise.total.abandoned) == (3, 0)
    assert otherwise.fates[1].wait == 1 * SECOND
    assert otherwise.total.service_level == 1
    assert otherwise.fairness is not None
    assert otherwise.fairness > 0.9


def test_other_rules(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "workspaces:\n  shop:\n    rules:\n      queues: {sales: {offer: {accept: automatic}}}\n"
        "      routes: [{name: all, queue: sales}]\n      agents: {ana: {queues: [sales]}}\n"
        "      default_capacity: {phone: 3}\n"
    )

    *_, otherwise = compared(morning().recording, None, None, rules, None)

    assert otherwise.total.answered == 3
    assert [fate.wait for fate in otherwise.fates] == [0, 0, 0]
    assert set(otherwise.queues) == {"sales"}


def test_work_and_patience_that_nobody_saw_are_drawn_but_always_the_same() -> None:
    visits = morning().recording.visits

    first, second, third = contacts(visits, START + 200 * SECOND)

    assert (first.talk, second.talk) == (60 * SECOND, 100 * SECOND)
    assert third.talk in (60 * SECOND, 100 * SECOND)
    assert third.patience == 30 * SECOND
    assert first.patience in (30 * SECOND, float("inf"))
    assert second.patience == float("inf")
    assert contacts(visits, START + 200 * SECOND) == [first, second, third]


def test_who_writes_again_while_it_is_open_is_not_counted_twice() -> None:
    again = [
        Contact(number, "key", "phone", {}, START + number, 5_000, 0, 0, float("inf"))
        for number in range(2)
    ]
    there = [Presence(START, "ana", "available")]

    first, second = Replay(RULES, there, START).go(again, START + 60_000)

    assert (first.outcome, first.ended) == ("answered", START + 5_000)
    assert second.joined


def test_tables_and_page_name_every_way() -> None:
    ways = compared(morning().recording, None, None, None, None)

    text, html = table(ways), page("Replay of <shop>", ways)

    assert [line.split()[:2] for line in text.splitlines()[1:3]] == [
        ["support", "recorded"],
        ["support", "replayed"],
    ]
    assert html.count("<svg") == 3
    assert "<h1>Replay of &lt;shop&gt;</h1>" in html
    assert "http" not in html
    assert "<script" not in html


async def test_the_command_reads_a_log(tmp_path: Path) -> None:
    url = await written(morning(), tmp_path / "patchbay.db")
    page_file = tmp_path / "page.html"
    arguments = ["--log", url, "--since", "2026-01-05", "--html", str(page_file), "--json"]

    done = await _invoked(["replay", *arguments])

    recorded, replayed = orjson.loads(done)
    assert recorded["total"] == replayed["total"]
    assert page_file.read_text().endswith("</html>\n")


async def test_staff_reads_a_log(tmp_path: Path) -> None:
    url = await written(morning(), tmp_path / "patchbay.db")

    done = await _invoked(["staff", "--log", url, "--interval", "60", "--json"])

    found = orjson.loads(done)
    (interval,) = found["intervals"]
    assert interval["start"] == "mon 00:00"
    assert interval["volume"] == pytest.approx(3 * 3600 / 172, rel=0.01)
    assert interval["handle_minutes"] == pytest.approx(80 / 60)
    assert found["patience_minutes"] == pytest.approx((1 + 52 + 30) / 60)


@pytest.mark.parametrize(
    ("roster", "said"),
    [
        ("shifts: [{agents: [anna], from: '08:00', to: '09:00'}]", "unknown agent 'anna'"),
        ("shifts: [{agents: [ana], from: '8', to: '09:00'}]", "shifts.0.from"),
        ("shifts: [{count: 2, from: '08:00', to: '09:00'}]", "like whom are they?"),
        ("time_zone: Mars\nshifts: []", "'Mars' is no time zone"),
        ("shift: []", "did you mean 'shifts'?"),
    ],
)
def test_a_roster_that_is_wrong(roster: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "roster.yaml"
    file.write_text(roster)

    with pytest.raises(ConfigurationInvalid) as caught:
        compared(morning().recording, None, None, None, file)

    assert f"{file}:1: " in str(caught.value)
    assert said in str(caught.value)


async def _invoked(arguments: list[str]) -> str:
    """The command runs a loop of its own, so it gets a thread of its own."""
    environment = {"PATCHBAY_SHARDS": "1"}
    done = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=environment)
    assert done.exit_code == 0, done.output
    return done.stdout
