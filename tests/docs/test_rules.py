"""Every command of docs/rules.md, typed one after the other beside a running engine."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.docs.readme import ROOT, blocks, like
from tests.docs.shell import clone, environment, run

PAGE = (ROOT / "docs" / "rules.md").read_text()
_SECONDS = 150


@contextmanager
def _serving(folder: Path, redis_url: str) -> Iterator[None]:
    """An engine and a view on the example configuration, as two processes."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    plain = {name: value.strip("'\"") for name, value in example.items()}
    more = {"PATCHBAY_REDIS_URL": redis_url, "PATCHBAY_PRIVATE_PORT": "0"}
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "services.router", role],
            cwd=folder,
            env=environment(**plain, **more),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for role in ("engine", "view")
    ]
    try:
        yield
    finally:
        for process in running:
            os.kill(process.pid, signal.SIGTERM)
        assert [process.wait(30) for process in running] == [0, 0]


def _listed(folder: Path) -> bool:
    """Does `rules list` find the first version?"""
    command = [sys.executable, "-m", "patchbay", "rules", "list"]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, check=False)
    return done.returncode == 0


def _ready(folder: Path) -> None:
    until = time.monotonic() + 40
    while not _listed(folder):
        assert time.monotonic() < until
        time.sleep(0.5)


@pytest.mark.slow
@pytest.mark.timeout(_SECONDS + 60)
def test_the_page_runs_as_it_stands(tmp_path: Path, redis_url: str) -> None:
    folder, page = clone(tmp_path), list(blocks(PAGE))
    with _serving(folder, redis_url):
        _ready(folder)
        printed = run([block.commands for block in page], folder, _SECONDS)

    wrong = {
        block.name: (answer, block.answer)
        for block, answer in zip(page, printed, strict=True)
        if block.answer is not None and not _matches(block.answer, answer)
    }
    assert wrong == {}
    assert len(page) == 5


def _matches(expected: str, printed: str) -> bool:
    """Every line of the page stands there, in its order."""
    lines = iter(printed.splitlines())
    wanted = [like(line) for line in expected.strip().splitlines() if line != "…"]
    return all(any(want.search(line) for line in lines) for want in wanted)
