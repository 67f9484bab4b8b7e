"""YAML with places: the data, the line of every path in it, and its secrets looked up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from shared.channels.account import ResolvedSecret

Path_ = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in the file. `line` counts from 1; a warning does not stop a start."""

    line: int
    path: str
    message: str
    hint: str = ""
    warning: bool = False


@dataclass
class Document:
    """The file's data, `lines` by path, and what was already wrong while reading."""

    data: Any = None
    lines: dict[Path_, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, path: Path_, message: str, hint: str = "", *, warning: bool = False) -> None:
        """Note a problem at the line of the path, or of its nearest parent in the file."""
        shown = ".".join(str(step) for step in path)
        self.problems.append(Problem(self.line(path), shown, message, hint, warning))

    def line(self, path: Path_) -> int:
        """The line of a path, or of its nearest parent that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read(text: str, base: Path, environ: Mapping[str, str]) -> Document:
    """Parse the text; `{env: NAME}` and `{file: PATH}` (relative to `base`) become secrets."""
    document = Document()
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 1
        document.problems.append(Problem(line, "", f"not YAML: {error.problem}"))
        return document
    if node is not None:
        document.data = _Reader(document, base, environ).value(node, ())
    return document


class _Reader:
    def __init__(self, document: Document, base: Path, environ: Mapping[str, str]) -> None:
        self._document = document
        self._base = base
        self._environ = environ
        self._scalars = yaml.SafeLoader("")

    def value(self, node: yaml.Node, path: Path_) -> Any:
        self._document.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalars.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> Any:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            here = (*path, key)
            self._document.lines[here] = key_node.start_mark.line + 1
            if key in data:
                self._document.problem(here, f"{key!r} stands here twice", "keep one of them")
            data[key] = self.value(value_node, here)
        if len(data) == 1 and next(iter(data)) in ("env", "file"):
            return self._secret(data, path)
        return data

    def _secret(self, data: dict[str, Any], path: Path_) -> Any:
        ((kind, name),) = data.items()
        if kind == "env":
            value = self._environ.get(str(name))
            wrong = f"the environment variable {name} is not set"
            hint = f"set {name}, or name a file: {{file: /run/secrets/{str(name).lower()}}}"
        else:
            file = self._base / str(name)
            value = file.read_text().strip() if file.is_file() else None
            wrong = f"the secret file {name} cannot be read"
            hint = "mount it, or name an environment variable: {env: NAME}"
        if not value:
            self._document.problem(path, wrong, hint)
            return ResolvedSecret("missing")
        return ResolvedSecret(value)
