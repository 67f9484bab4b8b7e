"""Every command of docs/simulation.md is run, and answers what stands below it."""

import re
from pathlib import Path

import pytest

from tests.docs.readme import ROOT, like
from tests.docs.shell import clone, run
from tests.requirements import require_tool

pytestmark = pytest.mark.timeout(300)

_TEXT = (ROOT / "docs" / "simulation.md").read_text()
_BLOCK = re.compile(r"^```sh\n(.*?)^```\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_BLOCKS = _BLOCK.findall(_TEXT)


def test_every_block_has_its_answer() -> None:
    assert len(_BLOCKS) == _TEXT.count("```sh\n") == 4


def test_the_page_can_be_followed(tmp_path: Path) -> None:
    require_tool("bash", package="bash")
    folder = clone(tmp_path)

    answers = run([commands for commands, _ in _BLOCKS], folder, seconds=280)

    for (_, expected), answer in zip(_BLOCKS, answers, strict=True):
        pattern = re.compile(like(expected).pattern, re.DOTALL)
        assert pattern.fullmatch(answer.strip()), answer
    page = (folder / "var" / "replay.html").read_text()
    assert page.count("<svg") == 3
