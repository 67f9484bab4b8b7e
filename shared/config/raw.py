"""Parts of the file as they stand there, right or wrong: what can be read of them is checked."""

import difflib
from collections.abc import Iterator
from typing import Any

from shared.config.source import Path_


def mapping(value: Any) -> dict[str, Any]:
    """The mapping, or an empty one."""
    return value if isinstance(value, dict) else {}


def children(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every entry of a mapping that is a mapping itself."""
    for name, entry in mapping(value).items():
        if isinstance(entry, dict):
            yield name, entry


def texts(value: Any) -> Iterator[tuple[Path_, str]]:
    """The texts in a list or mapping's keys, or the text itself, each with where it stands."""
    if isinstance(value, str):
        yield (), value
    elif isinstance(value, dict):
        yield from (((key,), key) for key in value)
    elif isinstance(value, list):
        yield from (((index,), item) for index, item in enumerate(value) if isinstance(item, str))


def names(parent: dict[str, Any], section: str, sections: list[str]) -> set[str] | None:
    """What a section defines; None where it cannot be told, because it is malformed or misspelt.

    Nothing that refers to it is wrong then: one error is enough.
    """
    if section not in parent:
        strange = [key for key in parent if key not in sections]
        return None if difflib.get_close_matches(section, strange, n=1, cutoff=0.5) else set()
    value = parent[section]
    if isinstance(value, dict):
        return set(value)
    return {text for _, text in texts(value)} if isinstance(value, list) else None


def workspaces(data: Any) -> Iterator[tuple[str, Path_, dict[str, Any]]]:
    """Every workspace that is a mapping: its name, its path and its content."""
    for name, workspace in children(mapping(data).get("workspaces")):
        yield name, ("workspaces", name), workspace
