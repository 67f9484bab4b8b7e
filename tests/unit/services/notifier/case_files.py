"""Tables of cases: `cases/<table>/*.json`, the file's name is the case's name."""

import json
from pathlib import Path
from typing import Any

import pytest

_FOLDER = Path(__file__).parent / "cases"


def table(name: str) -> list[Any]:
    """Every case of a table, as a parameter set."""
    files = sorted((_FOLDER / name).glob("*.json"))
    assert files
    return [pytest.param(json.loads(file.read_text()), id=file.stem) for file in files]
