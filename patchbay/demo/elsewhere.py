"""`patchbay demo-files` and `demo-attach`: the demo around services that run elsewhere.

`docker-compose.yml` uses both in its profile `demo`.
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from patchbay.demo.attached import Surroundings, attach
from patchbay.demo.configuration import Places
from patchbay.demo.files import read_secrets, write_files
from patchbay.demo.options import DemoOptions
from patchbay.stack.errors import StackFailed
from shared.settings import ServiceSettings

_SECRETS = Annotated[Path, typer.Option(help="The folder with a file per secret.")]
_INGEST = Annotated[str, typer.Option(help="Where webhooks go; may hold {channel}.")]


def demo_files(
    folder: Annotated[Path, typer.Option(help="Where patchbay.yaml goes.")],
    secrets: _SECRETS,
    ingest: _INGEST,
    providers: Annotated[str, typer.Option(help="Where demo-attach listens.")],
    smtp_host: Annotated[str, typer.Option(help="Where demo-attach takes mail.")],
    smtp_port: Annotated[int, typer.Option()] = 8025,
) -> None:
    """Write a configuration for the demo's providers, and new secrets where there are none."""
    places = Places(ingest.format(channel="phone"), providers, smtp_host, smtp_port)
    write_files(folder, secrets, places)


def demo_attach(
    secrets: _SECRETS,
    ingest: _INGEST,
    mail: Annotated[str, typer.Option(help="host:port of the mail listener.")],
    api: Annotated[str, typer.Option(help="The queue API.")],
    host: Annotated[str, typer.Option(help="Where the providers listen.")] = "127.0.0.1",
    providers_port: Annotated[int, typer.Option()] = 8090,
    smtp_port: Annotated[int, typer.Option()] = 8025,
    show: Annotated[
        list[str] | None, typer.Option(help="NAME=ADDRESS to show to people; again for more.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(envvar="DEMO_SECONDS", min=1, help="How long customers come.")
    ] = None,
    seed: Annotated[int, typer.Option(envvar="DEMO_SEED")] = 1,
    rate: Annotated[float, typer.Option(envvar="DEMO_RATE", min=0.1, max=20)] = 2.0,
) -> None:
    """Let customers, agents and providers use services that run already; reconcile at the end."""
    console = Console(highlight=False, soft_wrap=True)
    settings = ServiceSettings()
    shown = dict(address.split("=", 1) for address in show or [])
    around = Surroundings(
        settings.log, settings.shards, ingest, mail, api, host, providers_port, smtp_port, shown
    )
    with tempfile.TemporaryDirectory(prefix="patchbay-demo-") as scratch:
        folder = Path(scratch)
        options = DemoOptions("kafka", seconds, seed, rate, folder, folder / "demo.env")
        try:
            summary = asyncio.run(attach(options, around, read_secrets(secrets), console))
        except (StackFailed, OSError) as error:
            Console(stderr=True).print(str(error), style="red", highlight=False, markup=False)
            raise typer.Exit(1) from None
        if not summary.kept:
            console.print((folder / "reconciliation.txt").read_text(), markup=False)
    console.print(summary.line())
    raise typer.Exit(0 if summary.kept else 1)
