"""Names that must exist elsewhere in the file: looked up in what can be read of it."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from shared.channels.registry import CHANNELS
from shared.config.models import Workspace
from shared.config.raw import children, mapping, names, texts, workspaces
from shared.config.rule_references import NESTING, attributes_used, conditions, names_used
from shared.config.schema import near
from shared.config.source import Document, Path_
from shared.rules import Rules

_ATTRIBUTES = ("channel", "account", "language", "country", "alert", "menu", "intent", "group")
"""What routes most often look at; channels give more, so another name may be right."""


@cache
def _zones() -> set[str]:
    """They are read from many files."""
    return available_timezones()


def check_rule_references(document: Document) -> None:
    """Note every name in the rules that nothing has. A section that is missing says nothing."""
    for _, here, content in workspaces(document.data):
        _Workspace(document, here, content, partial=True).check_rules()


def check_references(document: Document) -> None:
    """Note every name that nothing in the file has."""
    for _, here, content in workspaces(document.data):
        _Workspace(document, here, content).check()
    for section in ("channels", "commerce"):
        _unique(document, section)


@dataclass(frozen=True, slots=True)
class _Reference:
    """A name that stands at `path`; `known` is None where nothing can be said about it."""

    path: Path_
    what: str
    name: str
    known: set[str] | None


class _Workspace:
    def __init__(
        self, document: Document, here: Path_, content: dict[str, Any], *, partial: bool = False
    ) -> None:
        self._document = document
        self._here = here
        self._content = content
        self._rules = mapping(content.get("rules"))
        defined = {name: names(content, name, _SECTIONS) for name in _SECTIONS}
        if partial:
            defined |= dict.fromkeys(set(_SECTIONS) - content.keys())
        ruled = {name: names(self._rules, name, _RULES) for name in _RULES}
        if defined["rules"] is None:
            ruled = dict.fromkeys(_RULES)
        self._known: dict[str, set[str] | None] = defined | ruled | {"channel": set(CHANNELS)}
        if (classes := self._known["classes"]) is not None:
            classes.add("normal")

    def check(self) -> None:
        self._look_up((*self._in_rules(), *self._in_alerts(), *self._elsewhere()))
        self._time_zone()

    def check_rules(self) -> None:
        self._look_up(self._in_rules())

    def _look_up(self, references: Iterable[_Reference]) -> None:
        for found in references:
            if found.known is not None and found.name not in found.known:
                hint = near(found.name, found.known)
                self._document.problem(found.path, f"unknown {found.what} {found.name!r}", hint)

    def _refer(self, path: Path_, what: str, value: Any, section: str) -> Iterator[_Reference]:
        for step, name in texts(value):
            yield _Reference((*path, *step), what, name, self._known[section])

    def _in_rules(self) -> Iterator[_Reference]:
        here = (*self._here, "rules")
        for used in names_used(self._rules, here):
            yield _Reference(used.path, used.what, used.name, self._known[used.section])
        for path, condition in conditions(self._rules, here):
            for used in attributes_used(path, condition):
                yield _Reference(used.path, used.what, used.name, self._known[used.section])
            self._attributes(path, condition)

    def _attributes(self, path: Path_, condition: dict[str, Any]) -> None:
        for key in condition:
            meant = difflib.get_close_matches(key, _ATTRIBUTES, n=1, cutoff=0.75)
            if key not in (*_ATTRIBUTES, *NESTING) and meant:
                self._document.problem(
                    (*path, key),
                    f"no channel gives an attribute {key!r} that we know of",
                    f"did you mean {meant[0]!r}?",
                    warning=True,
                )

    def _in_alerts(self) -> Iterator[_Reference]:
        accounts = self._known["channels"]
        entries = children(self._content.get("channels"))
        served = {str(entry.get("channel")) for _, entry in entries} & set(CHANNELS)
        for name, alert in children(self._content.get("alerts")):
            path = (*self._here, "alerts", name)
            used = alert.get("template")
            yield from self._refer((*path, "template"), "template", used, "templates")
            yield from self._refer((*path, "opt_in"), "channel", alert.get("opt_in"), "channel")
            for step, entry in texts(alert.get("channels")):
                known = None if accounts is None else accounts | served
                yield _Reference((*path, "channels", *step), "channel account", entry, known)

    def _elsewhere(self) -> Iterator[_Reference]:
        people = self._content.get("people")
        yield from self._refer((*self._here, "people"), "agent", mapping(people), "agents")

    def _time_zone(self) -> None:
        name = self._content.get("time_zone")
        if isinstance(name, str) and name not in _zones():
            close = difflib.get_close_matches(name, _zones(), n=1)
            hint = f"did you mean {close[0]!r}?" if close else "write it as Europe/Berlin"
            self._document.problem((*self._here, "time_zone"), f"unknown time zone {name!r}", hint)


_SECTIONS = list(Workspace.model_fields)
_RULES = list(Rules.model_fields)


def _unique(document: Document, section: str) -> None:
    """The names are part of webhook addresses, for all workspaces."""
    first: dict[tuple[str, str], str] = {}
    for workspace, here, content in workspaces(document.data):
        for name, entry in children(content.get(section)):
            kind = str(entry.get("channel", section))
            other = first.setdefault((kind, name), workspace)
            if other != workspace:
                document.problem(
                    (*here, section, name),
                    f"the workspace {other!r} has an entry {name!r} too",
                    "names are part of the webhook address: make them unique",
                )
