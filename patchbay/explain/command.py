"""`patchbay explain CONVERSATION`. Exit codes: 0 told, 1 nothing is known, 2 wrong usage."""

import asyncio
from typing import Annotated

import orjson
import typer
from rich.console import Console

from patchbay.explain.words import as_json, lines
from patchbay.rules.desk import open_desk
from services.router.shard.retrospect import Retrospect, first_mention, look_back
from shared.clock import milliseconds
from shared.errors import PatchbayError
from shared.log import Log
from shared.settings import ServiceSettings, read_settings
from shared.topics import ROUTING

_OUT = Console(soft_wrap=True, highlight=False, markup=False)
_ERRORS = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)


def explain(
    conversation: Annotated[str, typer.Argument(help="Its id (cnv_…).")],
    log: Annotated[
        str | None,
        typer.Option(help="sqlite:///file or kafka://host:port; else PATCHBAY_LOG."),
    ] = None,
    workspace: Annotated[
        str | None,
        typer.Option("--workspace", "-w", help="Whose it is: reads one shard, not all of them."),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print JSON, times in milliseconds.")
    ] = False,
) -> None:
    """Why a conversation is where it is: every decision about it, who could have taken it, what
    kept the others, and what it waits for. Reads the record and writes nothing."""
    settings = read_settings(ServiceSettings)
    try:
        found = asyncio.run(_read(log or settings.log, settings.shards, workspace, conversation))
    except PatchbayError as error:
        _ERRORS.print(f"patchbay: {error}", style="red")
        raise typer.Exit(1) from None
    if found is None:
        _ERRORS.print(f"patchbay: the record says nothing of {conversation}", style="red")
        raise typer.Exit(1)
    if json:
        typer.echo(orjson.dumps(as_json(found), option=orjson.OPT_INDENT_2).decode())
        return
    for line in lines(found):
        _OUT.print(line)


async def _read(
    url: str, shards: int, workspace: str | None, conversation: str
) -> Retrospect | None:
    async with open_desk(url, shards) as desk:
        now = milliseconds(desk.clock.now())
        return await told(desk.log, shards, workspace, conversation, now)


async def told(
    log: Log, shards: int, workspace: str | None, conversation: str, now: int
) -> Retrospect | None:
    """What the record says of it; None: nothing. Raises LogUnavailable."""
    searched = list(range(shards))
    if workspace is not None:
        searched = [ROUTING.partition(workspace, "", shards).number]
    found = await first_mention(log, searched, conversation)
    return None if found is None else await look_back(log, *found, conversation, now)
