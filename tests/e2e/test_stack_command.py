"""`python -m patchbay.stack` as a person runs it, and what becomes of its servers afterwards."""

import asyncio
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from shared.clock import SystemClock

_ROOT = Path(__file__).parents[2]
_ADDRESS = re.compile(r"127\.0\.0\.1:(\d+)")


@asynccontextmanager
async def _stack(*arguments: str, **environment: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "patchbay.stack", *arguments),
        cwd=_ROOT,
        env={**os.environ, **environment},
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _ports(process: Process) -> list[int]:
    assert process.stdout is not None
    output = await process.stdout.readuntil(b"Ctrl-C")
    return [int(port) for port in _ADDRESS.findall(output.decode())]


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def _until_refused(port: int) -> None:
    while _accepts(port):
        await SystemClock().sleep(0.02)


@pytest.mark.usefixtures("kafka_servers")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
async def test_it_prints_its_addresses_and_stops_when_told(ending: signal.Signals) -> None:
    async with _stack() as process:
        ports = await _ports(process)
        assert len(ports) == 2
        process.send_signal(ending)
        output, errors = await process.communicate()
        assert (process.returncode, errors) == (0, b"")
        assert output.endswith(b"Stopped.\n")
        for port in ports:
            await _until_refused(port)


@pytest.mark.usefixtures("kafka_servers")
async def test_its_servers_die_with_it(tmp_path: Path) -> None:
    async with _stack("--brokers", "3", TMPDIR=str(tmp_path)) as process:
        ports = await _ports(process)
        assert len(ports) == 4
        process.kill()
        await process.wait()
        for port in ports:
            await _until_refused(port)


async def test_it_can_be_stopped_while_it_starts() -> None:
    async with _stack() as process:
        assert process.stdout is not None
        await process.stdout.readuntil(b"Starting")
        process.send_signal(signal.SIGINT)
        output, errors = await process.communicate()
        assert (process.returncode, errors) == (0, b"")
        assert output.endswith(b"Stopped.\n")


async def test_a_missing_java_is_named_in_one_line(tmp_path: Path) -> None:
    async with _stack(PATH=str(tmp_path), JAVA_HOME=str(tmp_path)) as process:
        _, errors = await process.communicate()
        assert process.returncode == 1
        expected = b"Java is missing; on Debian: apt-get install openjdk-17-jre-headless\n"
        assert errors == expected


@pytest.mark.usefixtures("kafka_servers")
async def test_a_server_that_ends_by_itself_ends_the_stack() -> None:
    async with _stack() as process:
        _, redis_port = await _ports(process)
        reader, writer = await asyncio.open_connection("127.0.0.1", redis_port)
        writer.write(b"SHUTDOWN NOSAVE\r\n")
        await reader.read()
        writer.close()
        _, errors = await process.communicate()
        assert process.returncode == 1
        assert b"a server ended by itself" in errors
