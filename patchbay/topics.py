"""`patchbay topics`: make them on a Kafka cluster, or print what they must be."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from shared.clock import SystemClock
from shared.opening import open_log
from shared.settings import ServiceSettings
from shared.topics import TOPICS

topics_app = typer.Typer(no_args_is_help=True, help="The topics Patchbay needs.")


@topics_app.command("plan")
def plan() -> None:
    """Print every topic with its partitions and retention."""
    shards = ServiceSettings().shards
    table = Table("topic", "partitions", "partition of a record", "kept")
    for topic in TOPICS.values():
        kept = "latest per key" if topic.compacted else f"{topic.retention_days} days"
        table.add_row(topic.name, str(shards), f"CRC-32 of its {topic.by}", kept)
    Console().print(table)


@topics_app.command("create")
def create(
    log: Annotated[str, typer.Option(envvar="PATCHBAY_LOG", help="kafka://host:port,…")],
) -> None:
    """Create what is missing; harmless when everything exists."""
    asyncio.run(_create(log))
    typer.echo(f"{len(TOPICS)} topics exist")


async def _create(url: str) -> None:
    shards = ServiceSettings().shards
    async with open_log(url, SystemClock(), shards) as log:
        await log.create_topics(dict.fromkeys(TOPICS, shards))
