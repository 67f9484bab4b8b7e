"""`python -m patchbay.stack`: Kafka and Valkey in the foreground, until Ctrl-C."""

import asyncio
import signal
from contextlib import suppress
from typing import Annotated

import typer
from rich.console import Console

from patchbay.stack.cluster import KafkaCluster, running_kafka
from patchbay.stack.errors import StackFailed, ToolMissing
from patchbay.stack.redis_server import RedisServer, running_redis
from shared.clock import SystemClock

_POLL = 0.5


def main(
    brokers: Annotated[
        int, typer.Option(min=1, max=3, help="Kafka nodes: 1, or 3 to replicate.")
    ] = 1,
) -> None:
    """Start Kafka and Valkey on free loopback ports, print their addresses, stop on Ctrl-C."""
    try:
        asyncio.run(_serve(brokers, Console()))
    except (StackFailed, ToolMissing) as error:
        Console(stderr=True).print(str(error), style="red", highlight=False, markup=False)
        raise typer.Exit(1) from None


async def _serve(brokers: int, console: Console) -> None:
    _cancel_on_signal()
    with suppress(asyncio.CancelledError):
        console.print("Starting Kafka and Valkey (the first time takes a minute) ...")
        async with running_redis() as redis, running_kafka(brokers) as kafka:
            console.print(f"KAFKA  {kafka.servers}", highlight=False, soft_wrap=True)
            console.print(f"REDIS  {redis.url}", highlight=False, soft_wrap=True)
            console.print("Ctrl-C stops both and removes their data.")
            await _while_running(kafka, redis)
    console.print("Stopped.")


def _cancel_on_signal() -> None:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("signals need a task to cancel")
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)


async def _while_running(kafka: KafkaCluster, redis: RedisServer) -> None:
    clock = SystemClock()
    while redis.running and all(broker.running for broker in kafka.brokers):
        await clock.sleep(_POLL)
    raise StackFailed("a server ended by itself")


if __name__ == "__main__":
    typer.run(main)
