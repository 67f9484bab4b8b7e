"""YAML with places: the data, the line of every path in it, and its secrets looked up.

Read by the core schema of YAML 1.2: `no` is a text and `21:00` is not 1260.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from shared.channels.account import ResolvedSecret

Path_ = tuple[str | int, ...]

_HINTS = {
    "'\\t'": "indent by spaces: YAML allows no tabs",
    "mapping values are not allowed": "look at the indentation; a text with a colon needs quotes",
    "but found '<scalar>'": "a text that begins with { or [ needs quotes",
    "expected <block end>": "look at the indentation of this line and of those above",
    "expected ',' or": "a text with braces, brackets or commas in it needs quotes",
    "could not find expected ':'": "a key is followed by a colon and a space",
    "cannot start any token": "put the text in quotes",
}


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
    """The file's data, `lines` by path, and what was already wrong while reading.

    `unreadable` are the paths of values that could not be had: nothing more is said about them.
    """

    data: Any = None
    lines: dict[Path_, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unreadable: set[Path_] = field(default_factory=set)

    def problem(self, path: Path_, message: str, hint: str = "", *, warning: bool = False) -> None:
        """Note a problem at the line of the path, or of its nearest parent in the file."""
        shown = ".".join(str(step) for step in path)
        self.problems.append(Problem(self.line(path), shown, message, hint, warning))

    def line(self, path: Path_) -> int:
        """The line of a path, or of its nearest parent that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def at(self, path: Path_) -> Any:
        """The value at a path, None where there is none."""
        value = self.data
        for step in path:
            if isinstance(value, dict):
                value = value.get(str(step))
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                return None
        return value


def read(text: str, base: Path, environ: Mapping[str, str]) -> Document:
    """Parse the text; `{env: NAME}` and `{file: PATH}` (relative to `base`) become secrets."""
    document = Document()
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        document.problems.append(_not_yaml(text, error))
        return document
    if node is not None:
        document.data = _Reader(document, base, environ).value(node, ())
    return document


def _not_yaml(text: str, error: yaml.YAMLError) -> Problem:
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return Problem(line, "", "not YAML: a control character stands here", "remove it")
    mark = getattr(error, "problem_mark", None)
    what = str(getattr(error, "problem", None) or error)
    hint = next((hint for part, hint in _HINTS.items() if part in what), "")
    return Problem(mark.line + 1 if mark else 1, "", f"not YAML: {what}", hint)


class _Loader(yaml.SafeLoader):
    """Plain words are what YAML 1.2's core schema says; `+49…` stays a text."""

    yaml_implicit_resolvers: dict[str, Any] = {}


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$"),
    list("-0123456789"),
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]
)


class _Reader:
    def __init__(self, document: Document, base: Path, environ: Mapping[str, str]) -> None:
        self._document = document
        self._base = base
        self._environ = environ
        self._scalars = _Loader("")
        self._open: set[int] = set()

    def value(self, node: yaml.Node, path: Path_) -> Any:
        self._document.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in self._open:
            return self._unreadable(path, "this alias contains itself", "write it out")
        self._open.add(id(node))
        try:
            return self._content(node, path)
        finally:
            self._open.remove(id(node))

    def _content(self, node: yaml.Node, path: Path_) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            return self._unreadable(path, f"cannot be read as {node.tag}", "put it in quotes")

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> Any:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.value == "<<":
                self._document.problem(path, "a key must be a text", "write the keys out")
                continue
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
        if not isinstance(name, str):
            return self._unreadable(path, f"{{{kind}: …}} needs a name", f"as {{{kind}: NAME}}")
        found = self._variable(name, path) if kind == "env" else self._file(name, path)
        return ResolvedSecret(found)

    def _variable(self, name: str, path: Path_) -> str:
        value = self._environ.get(name)
        if value:
            return value
        wrong = "is not set" if value is None else "is empty"
        hint = f"set {name}, or name a file: {{file: /run/secrets/{name.lower()}}}"
        return self._unreadable(path, f"the environment variable {name} {wrong}", hint)

    def _file(self, name: str, path: Path_) -> str:
        hint = "mount it, or name an environment variable: {env: NAME}"
        try:
            value = (self._base / name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not text"
            return self._unreadable(path, f"the secret file {name} cannot be read: {why}", hint)
        return value or self._unreadable(path, f"the secret file {name} is empty", hint)

    def _unreadable(self, path: Path_, message: str, hint: str) -> str:
        self._document.problem(path, message, hint)
        self._document.unreadable.add(path)
        return ""
