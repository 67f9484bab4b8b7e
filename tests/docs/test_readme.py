"""Every command of the README is run as it stands there, and answers what stands below it."""

import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from patchbay.stack.ports import free_ports
from tests.docs.readme import ROOT, TEXT, Block, blocks, like, of, shown
from tests.docs.shell import Terminal, clone, run
from tests.requirements import require_tool

pytestmark = pytest.mark.timeout(180)

DEMO, _TESTS = of("Try it")
JOIN = of("Join in")
CHECK, SERVE = of("Connect real accounts")
ELSEWHERE = [
    "make test",
    "docker compose --profile demo up --build",
    "cp -r deploy/k8s/overlays/production deploy/k8s/overlays/shop",
    "kubectl apply -k deploy/k8s/overlays/shop",
]
"""What a test cannot run: itself, and what needs Docker or a cluster (see tests/deploy)."""


@dataclass
class Visit:
    """What somebody saw who followed the README."""

    answers: list[str]
    screen: str


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for tool in ("bash", "curl", "make", "openssl"):
        require_tool(tool, package=tool)
    return clone(tmp_path_factory.mktemp("clone"))


@pytest.fixture(scope="module")
def visit(folder: Path) -> Visit:
    demo = Terminal(DEMO.commands.split(), folder, {})
    try:
        _wait(lambda: (folder / "var" / "demo.env").exists() or not demo.running)
        answers = run([block.commands for block in JOIN], folder, seconds=60)
    finally:
        demo.interrupt(seconds=60)
    return Visit(answers, demo.text)


def _wait(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.1)


@pytest.mark.parametrize("index", range(len(JOIN)), ids=lambda index: JOIN[index].name)
def test_joining_in(visit: Visit, index: int) -> None:
    assert JOIN[index].answer is not None
    assert like(JOIN[index].answer or "").fullmatch(visit.answers[index].strip())


def test_the_demo_shows_what_the_page_shows(visit: Visit) -> None:
    lines = (DEMO.answer or "").splitlines()

    assert [line for line in lines if not shown(line).search(visit.screen)] == []


def test_the_demo_lost_nothing(visit: Visit) -> None:
    assert "lost=0 duplicated=0 wrong_channel=0" in visit.screen


def test_the_way_to_the_demo_goes_with_it(visit: Visit, folder: Path) -> None:
    assert visit.answers
    assert not (folder / "var" / "demo.env").exists()


def test_checking_a_configuration(folder: Path) -> None:
    (answer,) = run([CHECK.commands], folder, seconds=60)

    assert like(CHECK.answer or "").fullmatch(answer.strip())


def test_serving_the_example_configuration(folder: Path, redis_url: str) -> None:
    names = ("PRIVATE", "INGEST", "INGEST_SMTP", "API")
    ports = {f"PATCHBAY_{n}_PORT": str(p) for n, p in zip(names, free_ports(4), strict=True)}
    command = re.sub(r"redis://\S+", redis_url, SERVE.commands.strip())
    script = f"set -a; . ./.env.example; set +a; export {command.replace(' ', '; exec ', 1)}"
    server = Terminal(["bash", "-c", script], folder, ports)
    try:
        private = f"http://127.0.0.1:{ports['PATCHBAY_PRIVATE_PORT']}/ready"
        _wait(lambda: _answers(private) or not server.running)
        assert _answers(private), server.text
    finally:
        status = server.interrupt(seconds=40)
    assert status == 0, server.text


def _answers(address: str) -> bool:
    with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(address) as answer:
        return bool(answer.status == 200)
    return False


def test_nothing_else_on_the_page_is_to_be_typed() -> None:
    run_here = [DEMO, *JOIN, CHECK, SERVE]
    others = [block for block in blocks() if block not in run_here]
    typed = [line for block in others for line in block.commands.splitlines()]

    assert [line.partition("  ")[0] for line in typed] == ELSEWHERE


def test_what_cannot_be_run_here_names_what_there_is() -> None:
    compose = (ROOT / "docker-compose.yml").read_text()

    assert "profiles: [demo]" in compose
    assert (ROOT / "deploy" / "k8s" / "overlays" / "production" / "kustomization.yaml").is_file()
    assert re.search(r"^test: ", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("block", list(blocks()), ids=lambda block: block.name)
def test_every_line_fits_a_terminal(block: Block) -> None:
    assert max(len(line) for line in block.commands.splitlines()) <= 120


def test_the_page_names_its_picture() -> None:
    (picture,) = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", TEXT)

    assert (ROOT / picture).is_file()
