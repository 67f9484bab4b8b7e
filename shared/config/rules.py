"""The rules in a file, checked by themselves: for whoever applies them to a running system.

Only what stands under `rules` is looked at, so neither secrets nor the rest of the file are needed;
names of accounts and alerts are looked up where the file has those sections.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shared.config.advice import advise_rules
from shared.config.crosscheck import check_rules
from shared.config.raw import mapping, workspaces
from shared.config.references import check_rule_references
from shared.config.source import Document, Path_, Problem, read
from shared.config.wording import explain
from shared.rules import Rules


class _AnySecret(Mapping[str, str]):
    """An environment in which every secret is set: nobody looks at them here."""

    def __getitem__(self, name: str) -> str:
        return name

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def inspect_rules(path: Path) -> tuple[dict[str, Rules], list[Problem]]:
    """The rules of every workspace in the file, and all problems of them, in file order.

    A workspace whose rules have errors is left out; warnings come when there are no errors.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        return {}, [Problem(1, "", f"cannot be read: {why}", "name another file")]
    document = read(text, path.parent, _AnySecret())
    found = _inspect(document) if isinstance(document.data, dict) else {}
    if not found and not document.problems:
        document.problem((), "no rules: they stand in workspaces: {<name>: {rules: …}}")
    return found, _of_rules(document)


def inspect_data(workspace: str, content: Mapping[str, Any]) -> tuple[Rules | None, list[Problem]]:
    """As `inspect_rules` for what has come as JSON: `content` is the workspace with its `rules`."""
    document = Document({"workspaces": {workspace: dict(content)}})
    found = _inspect(document)
    return found.get(workspace), _of_rules(document)


def warnings_of(rules: Rules) -> list[Problem]:
    """What will disappoint of rules that have no errors."""
    document = Document()
    advise_rules(rules, ("workspaces", "", "rules"), document)
    return sorted(set(document.problems))


def _inspect(document: Document) -> dict[str, Rules]:
    found: dict[str, Rules] = {}
    for name, here, content in workspaces(document.data):
        if "rules" in content:
            rules = _validated(document, (*here, "rules"), content["rules"])
            if rules is not None:
                found[name] = rules
    check_rule_references(document)
    for name, rules in found.items():
        check_rules(rules, ("workspaces", name, "rules"), document)
    if not _wrong(document):
        for name, rules in found.items():
            advise_rules(rules, ("workspaces", name, "rules"), document)
    return found


def _validated(document: Document, here: Path_, content: Any) -> Rules | None:
    try:
        return Rules.model_validate(content)
    except ValidationError as error:
        for detail in error.errors(include_input=False, include_url=False):
            explain(document, {**detail, "loc": (*here, *detail["loc"])})
        return None


def _wrong(document: Document) -> bool:
    return any(not problem.warning for problem in _of_rules(document))


def _of_rules(document: Document) -> list[Problem]:
    """What is wrong with the rules, or with the file as a whole."""
    names = mapping(mapping(document.data).get("workspaces"))
    prefixes = tuple(f"workspaces.{name}.rules" for name in names)
    return sorted(
        {
            problem
            for problem in document.problems
            if not problem.path or problem.path.startswith(prefixes)
        }
    )
