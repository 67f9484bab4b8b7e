"""`patchbay demo`."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from patchbay.demo.options import DemoOptions
from patchbay.demo.run import run
from patchbay.stack.errors import StackFailed, ToolMissing

Stack = Annotated[
    Literal["embedded", "kafka"],
    typer.Option(envvar="STACK", help="One process on a file, or all on Kafka."),
]
Seconds = Annotated[
    float | None,
    typer.Option(envvar="DEMO_SECONDS", min=1, help="How long customers come; else for ever."),
]
Seed = Annotated[int, typer.Option(envvar="DEMO_SEED", help="The same seed, the same people.")]
Rate = Annotated[float, typer.Option(envvar="DEMO_RATE", min=0.1, max=20, help="Visits a second.")]
Folder = Annotated[
    Path | None, typer.Option(help="Keep configuration, log and the services' output here.")
]
Join = Annotated[
    Path | None,
    typer.Option(
        envvar="DEMO_ENV",
        help="Write the addresses and secrets here, for a shell to read; else to the folder.",
    ),
]
KillEvery = Annotated[
    float | None,
    typer.Option(min=1, help="kill -9 a service every so many seconds, all in turn."),
]


def demo(
    stack: Stack = "embedded",
    seconds: Seconds = None,
    seed: Seed = 1,
    rate: Rate = 2.0,
    folder: Folder = None,
    join: Join = None,
    kill_every: KillEvery = None,
) -> None:
    """Run everything with simulated customers, agents and providers; reconcile at the end."""
    console = Console(highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="patchbay-demo-") as scratch:
        place = folder or Path(scratch)
        place.mkdir(parents=True, exist_ok=True)
        options = DemoOptions(
            stack, seconds, seed, rate, place, join or place / "demo.env",
            drain_seconds=15 if kill_every is None else 60, kill_every=kill_every,
        )  # fmt: skip
        try:
            summary = asyncio.run(run(options, console))
        except (StackFailed, ToolMissing) as error:
            Console(stderr=True).print(str(error), style="red", highlight=False, markup=False)
            raise typer.Exit(1) from None
        if not summary.kept:
            console.print((place / "reconciliation.txt").read_text(), markup=False)
    console.print(summary.line())
    raise typer.Exit(0 if summary.kept else 1)
