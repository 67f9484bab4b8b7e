"""What keeps the code readable, counted."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import pytest

from shared.channels.registry import CHANNELS

ROOT = Path(__file__).parents[1]
CODE = sorted(
    file
    for package in ("patchbay", "services", "shared")
    for file in (ROOT / package).rglob("*.py")
)
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
WRITTEN = [
    *CODE,
    *sorted((ROOT / "tests").rglob("*.py")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "deploy").rglob("*.yaml")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile")),
    *(ROOT / name for name in ("Dockerfile", "docker-compose.yml", "patchbay.yaml", ".ci/run")),
]
LONGEST_FILE = 300
LONGEST_FUNCTION = 40
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")


def _place(file: Path) -> str:
    return str(file.relative_to(ROOT))


def _functions(file: Path) -> Iterator[tuple[str, int]]:
    """Every function with its number of lines."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, (node.end_lineno or 0) - node.lineno + 1


def test_no_file_is_too_long() -> None:
    lengths = {_place(file): len(file.read_text().splitlines()) for file in CODE}

    assert {name: n for name, n in lengths.items() if n >= LONGEST_FILE} == {}


def test_no_function_is_too_long() -> None:
    found = [(_place(file), *function) for file in CODE for function in _functions(file)]

    assert [function for function in found if function[2] >= LONGEST_FUNCTION] == []


def test_most_are_much_shorter() -> None:
    files = [len(file.read_text().splitlines()) for file in CODE]
    functions = [lines for file in CODE for _, lines in _functions(file)]

    assert median(files) < 100
    assert quantiles(functions, n=10)[-1] < 25


def test_nothing_is_left_to_do() -> None:
    found = [
        f"{_place(file)}:{number}: {line.strip()}"
        for file in WRITTEN
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if UNFINISHED.search(line)
    ]

    assert found == []


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_channel_has_cases_and_a_loopback_provider(channel: str) -> None:
    folder = ROOT / "tests" / "channels" / channel
    provider = ROOT / "patchbay" / "demo" / "providers" / f"{channel}.py"
    kinds = ("inbound", "outbound", "replies", "signatures")

    assert [kind for kind in kinds if not list((folder / kind).glob("*.json"))] == []
    assert (folder / "account.json").is_file()
    assert provider.is_file()


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_channel_is_on_its_pages(channel: str) -> None:
    page = (ROOT / "docs" / "channels.md").read_text()
    readme = (ROOT / "README.md").read_text()

    assert len(re.findall(rf"^\| `{channel}` \|", page, re.MULTILINE)) == 2
    assert f"\n## {channel}\n" in page
    assert f"/webhooks/{channel}/" in readme


@pytest.mark.parametrize("file", DECISIONS, ids=lambda file: file.stem)
def test_every_decision_has_its_shape(file: Path) -> None:
    text = file.read_text()

    assert re.match(rf"# {file.name[:4]} \w[^\n]+\n\n(Accepted|Superseded by)\b", text)
    assert re.findall(r"^\*\*(Context|Decision|Consequences)\.\*\*", text, re.MULTILINE) == [
        "Context",
        "Decision",
        "Consequences",
    ]


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(file.name[:4]) for file in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("file", DECISIONS, ids=lambda file: file.stem)
def test_what_a_decision_names_exists(file: Path) -> None:
    """Its first paragraph says what would notice if it were not kept."""
    _, head, *_ = file.read_text().split("\n\n")
    named = re.findall(r"`((?:tests|shared|services|patchbay)/[^`]+)`", head)

    assert [path for path in named if not list(ROOT.glob(path))] == []
