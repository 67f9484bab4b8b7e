"""Read `patchbay.yaml`, or say everything that is wrong with it."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from shared.config.advice import advise
from shared.config.crosscheck import crosscheck
from shared.config.models import Config
from shared.config.raw import children, workspaces
from shared.config.references import check_references
from shared.config.source import Document, Problem, read
from shared.config.templates import check_templates
from shared.config.wording import explain
from shared.errors import ConfigurationInvalid


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """The configuration in the file. Raises ConfigurationInvalid, listing every problem."""
    config, problems = inspect(path, environ)
    errors = [problem for problem in problems if not problem.warning]
    if config is None or errors:
        raise ConfigurationInvalid("\n".join(describe(path, problem) for problem in errors))
    return config


def inspect(path: Path, environ: Mapping[str, str]) -> tuple[Config | None, list[Problem]]:
    """The configuration (None when it cannot be built) and all problems, in file order.

    Names are looked up even where a part is malformed; warnings come when there are no errors.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        hint = "name another file, or set PATCHBAY_CONFIG"
        return None, [Problem(1, "", f"cannot be read: {why}", hint)]
    document = read(text, path.parent, environ)
    config = None
    if isinstance(document.data, dict):
        config = _check(document)
    elif not document.problems:
        document.problem((), "the file must be a mapping with the keys api and workspaces")
    return config, sorted(set(document.problems))


def describe(path: Path, problem: Problem) -> str:
    """One line for people: file:line, path, what is wrong, what to do."""
    kind = "warning: " if problem.warning else ""
    where = f"{problem.path}: " if problem.path else ""
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{path}:{problem.line}: {kind}{where}{problem.message}{hint}"


def _check(document: Document) -> Config | None:
    _name_accounts(document)
    config = _validate(document)
    check_references(document)
    check_templates(document)
    if config is not None:
        crosscheck(config, document)
        if not any(not problem.warning for problem in document.problems):
            advise(config, document)
    return config


def _validate(document: Document) -> Config | None:
    try:
        return Config.model_validate(document.data)
    except ValidationError as error:
        for detail in error.errors(include_input=False, include_url=False):
            explain(document, detail)
        return None


def _name_accounts(document: Document) -> None:
    """Where an account stands in the file gives it its name and its workspace."""
    for workspace, here, content in workspaces(document.data):
        for section in ("channels", "commerce"):
            for name, entry in children(content.get(section)):
                given = {"name": name, "workspace": workspace}
                for key in given.keys() & entry.keys():
                    path = (*here, section, name, key)
                    document.problem(path, f"unknown key {key!r}", "its place says it already")
                entry.update(given)
