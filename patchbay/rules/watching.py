"""`patchbay rules shadow`: other rules decide on the live traffic without effect."""

import asyncio
import signal
from typing import Annotated, Any

import orjson
import typer
from prometheus_client import start_http_server
from rich.table import Table

from patchbay.rules.asking import OUT, File, Json, Workspace, fail, read_file, using
from patchbay.rules.compare import FIELDS
from patchbay.rules.desk import Desk
from patchbay.rules.follow import Follower
from patchbay.rules.shadow import Shadow
from shared.rules import Rules

Seconds = Annotated[
    float | None, typer.Option("--for", min=1, help="Look on for so many seconds; else until ^C.")
]
Port = Annotated[
    int | None, typer.Option("--metrics", help="Serve Prometheus metrics on this loopback port.")
]


def shadow(
    file: File,
    seconds: Seconds = None,
    workspace: Workspace = None,
    json: Json = False,
    metrics: Port = None,
) -> None:
    """Let the rules in a file decide on the live traffic without effect, and say what differs.

    It only reads the log, so it cannot hurt what runs. Agents do in the shadow what they do in
    life: who accepts, declines, misses or ends a conversation there does so here.
    """
    found = read_file(file, workspace)
    if len(found) > 1:
        fail(f"which workspace? ({', '.join(sorted(found))})")
    ((name, rules),) = found.items()
    if metrics is not None:
        start_http_server(metrics, addr="127.0.0.1")
    report = using(lambda desk: watch(desk, name, rules, seconds))
    if json:
        typer.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode())
    else:
        _print(report)


async def watch(desk: Desk, workspace: str, rules: Rules, seconds: float | None) -> dict[str, Any]:
    """The report after so many seconds, or when interrupted."""
    stop, seen = asyncio.Event(), list[Shadow]()

    def ready(found: Shadow) -> None:
        seen.append(found)
        typer.echo(f"looking on at {workspace}", err=True)
        asyncio.get_running_loop().call_later(seconds or 31_536_000, stop.set)

    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    await Follower(desk.log, desk.clock, desk.shards, workspace, rules).run(stop, ready)
    seen[0].comparison.finish()
    report = seen[0].comparison.report()
    return {"workspace": workspace, "live_changes": seen[0].live_changes, **report}


def _print(report: dict[str, Any]) -> None:
    compared, same = report["compared"], report["same"]
    OUT.print(f"{report['workspace']}: {compared} conversations, {same} of them treated alike")
    if report["live_changes"]:
        OUT.print(f"the live rules changed {report['live_changes']} times meanwhile")
    table = Table("different", "conversations", "share", box=None)
    for name in FIELDS:
        count = report["differences"][name]
        table.add_row(name, str(count), f"{100 * count / compared:.1f} %" if compared else "")
    OUT.print(table)
    for one in report["changes"][:20]:
        OUT.print(f"  {one['what']}: {one['live']} → {one['shadow']}: {one['count']}", markup=False)
    for name, found in report["examples"].items():
        for one in found:
            told = f"{one['conversation']}: {one['live']} → {one['shadow']}"
            OUT.print(f"  {name} of {told}", markup=False)
    for side, waits in report["waits"].items():
        OUT.print(f"  waits {side}: {_waits(waits)}", markup=False)


def _waits(waits: dict[str, Any]) -> str:
    told = f"{waits['offered']} offered, {waits['not_offered']} not"
    if "p50" in waits:
        told += f"; mean {waits['mean']:.1f} s, p50 {waits['p50']:.1f} s, p90 {waits['p90']:.1f} s"
    return told
