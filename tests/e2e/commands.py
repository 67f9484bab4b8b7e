"""Run a command line as a person or an orchestrator does, and take what it says."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from patchbay.demo import configuration
from patchbay.demo.configuration import Places, Secrets

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Said:
    """What a command ended with."""

    status: int
    output: str
    errors: str


async def run(arguments: list[str], environment: Mapping[str, str], seconds: float) -> Said:
    """`python -m …` to its end. One that does not come is stopped, and fails the test."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *arguments),
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=PIPE,
        stderr=PIPE,
    )
    ending = asyncio.ensure_future(process.communicate())
    try:
        output, errors = await asyncio.wait_for(asyncio.shield(ending), seconds)
    except TimeoutError:
        process.send_signal(signal.SIGKILL)
        output, errors = await ending
        raise AssertionError(f"it did not end\n{output.decode()}\n{errors.decode()}") from None
    assert process.returncode is not None
    return Said(process.returncode, output.decode(), errors.decode())


def configured(folder: Path) -> dict[str, str]:
    """The demo's configuration in that folder, and the environment that goes with it."""
    file = configuration.write_configuration(folder, Places())
    return {
        **Secrets().environment(),
        "PATCHBAY_CONFIG": str(file),
        "PATCHBAY_LOG": f"sqlite:///{folder / 'patchbay.db'}",
        "PATCHBAY_INGEST_SPOOL": str(folder / "spool"),
        "PATCHBAY_PRIVATE_PORT": "0",
        "PATCHBAY_API_PORT": "0",
        "PATCHBAY_INGEST_PORT": "0",
        "PATCHBAY_INGEST_SMTP_PORT": "0",
    }
