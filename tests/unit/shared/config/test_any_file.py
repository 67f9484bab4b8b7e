"""Whatever stands in the file, the answer is a configuration or problems with lines in it."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shared.config.load import inspect
from tests.unit.shared.config.test_load import CASES, ENVIRONMENT

FILES = [path.read_text() for path in sorted(CASES.glob("*.yaml"))]
WHOLE = (CASES / "accounts_with_typos.yaml").read_text()

scalars = st.none() | st.booleans() | st.integers(-5, 99) | st.floats() | st.text(max_size=5)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["env", "channel", "x"]), inner, max_size=2)
    ),
    max_leaves=5,
)


def _hold(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")

    config, problems = inspect(path, ENVIRONMENT)

    errors = [problem for problem in problems if not problem.warning]
    lines = len(text.splitlines()) + 1
    assert config is not None or errors
    assert all(0 < problem.line <= lines for problem in problems)
    assert all(problem.message for problem in problems)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any") / "patchbay.yaml"


@given(
    text=st.sampled_from(FILES),
    where=st.integers(0, 2000),
    gone=st.integers(0, 12),
    put=st.text(alphabet="ab:-{}[]'\"#&*!|>%@\n\t 0é\x07", max_size=6),
)
def test_any_slip_of_the_keyboard(path: Path, text: str, where: int, gone: int, put: str) -> None:
    _hold(path, text[:where] + put + text[where + gone :])


@given(data=st.data(), put=values)
def test_any_value_at_any_place(path: Path, data: st.DataObject, put: Any) -> None:
    content = yaml.safe_load(WHOLE)
    place = data.draw(st.sampled_from(list(_places(content))))
    parent = content
    for step in place[:-1]:
        parent = parent[step]
    parent[place[-1]] = put

    _hold(path, yaml.safe_dump(content))


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    entries: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        entries = value.items()
    elif isinstance(value, list):
        entries = enumerate(value)
    for key, content in entries:
        yield (*path, key)
        yield from _places(content, (*path, key))
