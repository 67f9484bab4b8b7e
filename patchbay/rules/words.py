"""Rules and their versions as text."""

import difflib
from collections.abc import Iterable
from typing import Any

import yaml
from rich.table import Table

from shared.clock import from_milliseconds
from shared.events.rules import RulesVersion
from shared.rules import Rules
from shared.versions import Versions

_TIME = "%Y-%m-%d %H:%M:%S UTC"


def written(workspace: str, rules: Rules) -> str:
    """The rules as YAML that `patchbay rules apply` takes; what has its default is left out."""
    told = rules.model_dump(mode="json", exclude_defaults=True)
    content = {"workspaces": {workspace: {"rules": told}}}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def differences(one: Rules, other: Rules, names: tuple[str, str], workspace: str) -> str:
    """A unified diff of two sets of rules; empty where they are equal."""
    lines = difflib.unified_diff(
        written(workspace, one).splitlines(keepends=True),
        written(workspace, other).splitlines(keepends=True),
        *names,
    )
    return "".join(lines)


def row(versions: Versions, one: RulesVersion) -> dict[str, Any]:
    """One version as JSON."""
    end = versions.trial_end(one.version)
    return {
        "version": one.version,
        "how": one.how,
        "digest": one.digest,
        "at": from_milliseconds(one.at).isoformat(),
        "by": one.by,
        "note": one.note,
        "former": one.former,
        "percent": one.percent,
        "state": versions.state(one),
        "ended": None if end is None else end.how,
    }


def table(versions: Versions) -> Table:
    """All versions for people, the latest first."""
    shown = Table("version", "state", "made by", "when", "digest", "note", box=None)
    for one in versions.history:
        how = one.how if one.former is None else f"{one.how} of {one.former}"
        share = "" if one.percent is None else f" ({one.percent:g} %)"
        when = from_milliseconds(one.at).strftime(_TIME)
        made = f"{how} by {one.by}"
        state = f"{versions.state(one).replace('_', ' ')}{share}"
        shown.add_row(str(one.version), state, made, when, one.digest[:12], one.note)
    return shown


def not_tried(rules: Rules, tried: Rules) -> list[str]:
    """The parts in which two sets of rules differ and that a trial does not try."""
    return sorted(
        name
        for name in _names()
        if name not in ("routes", "classes") and getattr(rules, name) != getattr(tried, name)
    )


def _names() -> Iterable[str]:
    return Rules.model_fields
