"""`patchbay rules` against a running engine: applied, listed, compared, taken back, tried."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
import yaml

from shared.ids import shard_of
from shared.rules import digest_of
from shared.sqlite import SqliteLog
from tests.platform.rules.running import RULES, SHARDS, Running, placed, ruled, running
from tests.router.shards import WORKSPACE

HERE = shard_of(WORKSPACE, SHARDS)


@pytest_asyncio.fixture
async def shop(redis_url: str, tmp_path: Path) -> AsyncIterator[Running]:
    path = tmp_path / "log.db"
    url = f"sqlite:///{path}"
    async with SqliteLog(str(path)) as log, running(log, url, redis_url, tmp_path) as here:
        await here.place.until("configured", 1, HERE)
        yield here


async def test_rules_are_applied_while_running(shop: Running) -> None:
    await shop.place.customer(1)
    await shop.place.until("queued", 1, HERE)
    said = await shop.rules("apply", shop.write("new.yaml", ruled("sales")), "--note", "to sales")
    await shop.place.customer(2)
    found = await shop.place.until("queued", 3, HERE)

    assert said == f"{WORKSPACE}: version 2 is in force\n"
    assert placed(found) == [("support", 1), ("sales", 2), ("sales", 2)]


async def test_the_list_says_when_by_whom_and_why(shop: Running) -> None:
    file = shop.write("new.yaml", ruled("sales"))
    await shop.rules("apply", file, "--note", "to sales", "--by", "ada")
    listed = json.loads(await shop.rules("list", "--json"))
    shown = await shop.rules("list")

    second, first = listed
    assert (second["version"], second["state"], second["how"]) == (2, "in_force", "apply")
    assert (second["by"], second["note"]) == ("ada", "to sales")
    assert (first["version"], first["state"], first["how"]) == (1, "former", "file")
    assert "to sales" in shown
    assert "apply by ada" in shown


async def test_what_is_shown_can_be_applied_again(shop: Running) -> None:
    await shop.rules("apply", shop.write("new.yaml", ruled("sales")))
    (shop.folder / "old.yaml").write_text(await shop.rules("show", "1"))

    assert await shop.rules("apply", "old.yaml") == f"{WORKSPACE}: version 3 is in force\n"
    listed = json.loads(await shop.rules("list", "--json"))
    assert listed[0]["digest"] == listed[2]["digest"]


async def test_versions_and_files_are_compared(shop: Running) -> None:
    file = shop.write("new.yaml", ruled("sales"))
    await shop.rules("apply", file)

    between = await shop.rules("diff", "1", "2")
    assert "-      - name: all\n" in between
    assert "+      - name: to-sales\n" in between
    assert await shop.rules("diff", file, "in_force") == ""


async def test_one_command_takes_it_back(shop: Running) -> None:
    await shop.rules("apply", shop.write("new.yaml", ruled("sales")))

    assert await shop.rules("rollback", "--note", "oops") == f"{WORKSPACE}: version 3 is in force\n"
    listed = json.loads(await shop.rules("list", "--json"))
    assert (listed[0]["how"], listed[0]["former"], listed[0]["note"]) == ("rollback", 1, "oops")
    assert "there is no version 'former'" in await shop.rules("rollback", status=1)
    assert await shop.rules("rollback", "2") == f"{WORKSPACE}: version 4 is in force\n"


async def test_what_is_wrong_is_never_applied(shop: Running) -> None:
    wrong = shop.write("wrong.yaml", {**RULES, "routes": [{"name": "all", "queue": "sels"}]})

    said = await shop.rules("apply", wrong, status=1)

    assert "wrong.yaml:" in said
    assert "unknown queue 'sels' (did you mean 'sales'?)" in said
    assert len(json.loads(await shop.rules("list", "--json"))) == 1


async def test_who_did_not_see_the_last_change_is_told(shop: Running) -> None:
    await shop.rules("apply", shop.write("new.yaml", ruled("sales")))
    late = shop.write("late.yaml", ruled("support"))

    said = await shop.rules("apply", late, "--over", "1", status=1)

    assert "Version 2 is in force, not version 1." in said


async def test_the_same_rules_again_change_nothing(shop: Running) -> None:
    file = shop.write("new.yaml", ruled("sales"))
    await shop.rules("apply", file)

    assert await shop.rules("apply", file) == f"{WORKSPACE}: nothing to do: it is so already\n"


async def test_a_restart_with_an_older_file_undoes_nothing(shop: Running) -> None:
    await shop.rules("apply", shop.write("new.yaml", ruled("sales")))
    await shop.end()
    await shop.start(RULES)
    await shop.place.customer(1)
    found = await shop.place.until("queued", 1, HERE)

    assert placed(found) == [("sales", 2)]
    assert len(await shop.place.events("configured", HERE)) == 2


async def test_a_restart_with_a_changed_file_applies_it(shop: Running) -> None:
    await shop.rules("apply", shop.write("new.yaml", ruled("sales")))
    await shop.end()
    await shop.start(ruled("support"))
    found = await shop.place.until("configured", 3, HERE)

    assert [event.change.how for event in found] == ["file", "apply", "file"]


async def test_a_trial_decides_on_its_share_until_it_is_promoted(shop: Running) -> None:
    said = await shop.rules("try", shop.write("new.yaml", ruled("sales")), "--share", "40")
    for customer in range(60):
        await shop.place.customer(customer)
    found = placed(await shop.place.until("queued", 60, HERE))

    assert said == f"{WORKSPACE}: version 2 is on trial for 40 %\n"
    assert set(found) == {("support", 1), ("sales", 2)}
    assert 8 < found.count(("sales", 2)) < 40
    assert json.loads(await shop.rules("list", "--json"))[0]["state"] == "on_trial"
    promoted = (await shop.rules("promote")).splitlines()
    assert promoted == [
        f"{WORKSPACE}: the trial of version 2 is over: promoted",
        f"{WORKSPACE}: version 3 is in force",
    ]
    assert "nothing is on trial" in await shop.rules("stop", status=1)


async def test_a_stopped_trial_leaves_no_trace_in_the_routes(shop: Running) -> None:
    await shop.rules("try", shop.write("new.yaml", ruled("sales")), "--share", "100")
    await shop.place.customer(1)
    await shop.place.until("queued", 1, HERE)
    said = await shop.rules("stop")
    found = await shop.place.until("queued", 2, HERE)

    assert said == f"{WORKSPACE}: the trial of version 2 is over: stopped\n"
    assert placed(found) == [("sales", 2), ("support", 1)]
    listed = json.loads(await shop.rules("list", "--json"))
    assert [(one["state"], one["ended"]) for one in listed] == [
        ("tried", "stopped"),
        ("in_force", None),
    ]


async def test_what_a_trial_does_not_try_is_said(shop: Running) -> None:
    more = ruled("sales", missed_offers=7, agents={})

    said = await shop.rules("try", shop.write("new.yaml", more), "--share", "5")

    assert "a trial tries routes and classes, not agents, missed_offers" in said


async def test_rules_shown_are_those_in_force(shop: Running) -> None:
    file = shop.write("new.yaml", ruled("sales"))
    await shop.rules("apply", file)
    shown = yaml.safe_load(await shop.rules("show", "in_force"))
    last: Any = (await shop.place.events("configured", HERE))[-1]

    assert shown["workspaces"][WORKSPACE]["rules"]["routes"] == ruled("sales")["routes"]
    assert digest_of(last.rules) == last.digest
