"""README.md in parts: what it says to type, and what it says comes back."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text()
_BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """Commands of one section, and what they print; `…` stands for what differs."""

    section: str
    commands: str
    answer: str | None

    @property
    def name(self) -> str:
        """The first words."""
        return self.commands.split("\n")[0][:40]


def blocks(text: str = TEXT) -> Iterator[Block]:
    """All of them, in order, of the README or of another page."""
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        section = part.partition("\n")[0]
        found = _BLOCK.findall(part)
        for index, (language, content) in enumerate(found):
            if language == "sh":
                below = found[index + 1] if index + 1 < len(found) else ("", "")
                yield Block(section, content, below[1] if below[0] == "text" else None)


def of(section: str) -> list[Block]:
    """Those of a section."""
    return [block for block in blocks() if block.section == section]


def like(answer: str) -> re.Pattern[str]:
    """What an answer on the page stands for."""
    return re.compile(".*".join(re.escape(part) for part in answer.strip().split("…")))


def shown(line: str) -> re.Pattern[str]:
    """What a line of the demo's table stands for, whatever its numbers and its width."""
    words = (re.sub(r"\d+(\\\.\d+)?", r"[\\d.]+", re.escape(word)) for word in line.split())
    return re.compile(r"\s+".join(words))
