"""The demo itself: traffic, what is shown of it, and the reconciliation at the end."""

import asyncio
import random
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.live import Live

from patchbay.demo import layout
from patchbay.demo.ledger import Summary
from patchbay.demo.options import DemoOptions
from patchbay.demo.processes import Services
from patchbay.demo.reconcile import tokens_dead, tokens_waiting
from patchbay.demo.scenario import late_parcels, visits
from patchbay.demo.table import Board
from patchbay.demo.world import World
from shared.clock import SystemClock
from shared.opening import open_log

_PARCEL_EVERY = 4.0
_PROGRESS_EVERY = 5.0


async def play(
    options: DemoOptions,
    console: Console,
    world: World,
    services: Services,
    urls: Mapping[str, str],
    stop: asyncio.Event,
) -> None:
    """Let customers come until `stop` or the end, then let the agents finish."""
    ended = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        helpers = [
            tasks.create_task(services.keep_running(ended)),
            tasks.create_task(_show(console, world, services, urls, ended)),
            *(tasks.create_task(agent.work()) for agent in world.agents),
        ]
        if options.kill_every is not None:
            randomness = random.Random(options.seed)
            killing = services.kill_at_random(stop, options.kill_every, randomness)
            helpers.append(tasks.create_task(killing))
        if options.seconds is not None:
            asyncio.get_running_loop().call_later(options.seconds, stop.set)
        begun = world.now()
        await world.customers.come(
            visits(options.seed, options.rate, begun),
            late_parcels(options.seed, _PARCEL_EVERY, begun),
        )
        await world.drained(options.drain_seconds)
        ended.set()
        await world.callers.close()
        for helper in helpers:
            helper.cancel()


async def _show(
    console: Console,
    world: World,
    services: Services,
    urls: Mapping[str, str],
    ended: asyncio.Event,
) -> None:
    board = Board(world.ledger, world.handled, urls, lambda: services.restarts)
    first = asyncio.create_task(_first_answer(world, console))
    try:
        if console.is_terminal:
            with Live(board, console=console, refresh_per_second=4):
                await ended.wait()
            return
        for name, url in urls.items():
            console.print(f"{name}: {url}")
        while not ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), _PROGRESS_EVERY)
            console.print(f"{world.now():5.0f} s  {board.line()}")
    finally:
        first.cancel()


async def _first_answer(world: World, console: Console) -> None:
    while not any(q.answered_at is not None for q in world.ledger.questions.values()):
        await world.clock.sleep(0.05)
    console.print(f"first conversation answered after {world.now():.1f} s")


async def reconcile(
    options: DemoOptions, world: World, log_url: str, shards: int = layout.SHARDS
) -> Summary:
    """Look for every question that has no answer, from outside."""
    await world.supervisor.sign_in()
    unanswered = {q.token: q.place.address for q in world.ledger.unanswered()}
    waiting = await tokens_waiting(world.supervisor, unanswered.values())
    named = {token for token, address in unanswered.items() if address in waiting}
    async with open_log(log_url, SystemClock(), shards) as log:
        dead = await tokens_dead(log, shards)
    summary = world.ledger.summary(waiting | named, dead)
    _explain(options.folder, world, summary)
    return summary


def _explain(folder: Path, world: World, summary: Summary) -> None:
    """Leave the unanswered questions for whoever wants to know what became of them."""
    lines = [
        f"{q.token} {q.place.channel} {q.place.address} asked={q.asked_at:.1f}"
        for q in world.ledger.unanswered()
    ]
    repeated = [f"{nonce} x{n}" for nonce, n in world.ledger.answers.items() if n > 1]
    text = "\n".join([summary.line(), "unanswered:", *lines, "repeated:", *repeated, ""])
    (folder / "reconciliation.txt").write_text(text)


def stop_on_signal(stop: asyncio.Event) -> None:
    """Set `stop` on SIGINT or SIGTERM."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
