"""Read `patchbay.yaml`, or say everything that is wrong with it."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from shared.channels.registry import CHANNELS
from shared.config.crosscheck import crosscheck
from shared.config.models import Config
from shared.config.source import Document, Path_, Problem, read
from shared.errors import ConfigurationInvalid


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """The configuration in the file. Raises ConfigurationInvalid, listing every problem."""
    config, problems = inspect(path, environ)
    errors = [problem for problem in problems if not problem.warning]
    if config is None or errors:
        raise ConfigurationInvalid("\n".join(describe(path, problem) for problem in errors))
    return config


def inspect(path: Path, environ: Mapping[str, str]) -> tuple[Config | None, list[Problem]]:
    """The configuration (None when it cannot be built) and all problems, in file order."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        hint = "name it by --config or PATCHBAY_CONFIG"
        return None, [Problem(1, "", f"cannot be read: {error}", hint)]
    document = read(text, path.parent, environ)
    config = _validate(document)
    if config is not None:
        crosscheck(config, document)
    return config, sorted(set(document.problems))


def describe(path: Path, problem: Problem) -> str:
    """One line for people: file:line, path, what is wrong, what to do."""
    kind = "warning: " if problem.warning else ""
    where = f"{problem.path}: " if problem.path else ""
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{path}:{problem.line}: {kind}{where}{problem.message}{hint}"


def _validate(document: Document) -> Config | None:
    if document.problems and document.data is None:
        return None
    if not isinstance(document.data, dict):
        document.problem((), "the file must be a mapping with the keys api and workspaces")
        return None
    _name_accounts(document.data)
    try:
        return Config.model_validate(document.data)
    except ValidationError as error:
        for detail in error.errors(include_input=False, include_url=False, include_context=False):
            _explain(document, detail["loc"], detail["type"], detail["msg"])
        return None


def _name_accounts(data: dict[str, Any]) -> None:
    """Where an account stands in the file gives it its name and its workspace."""
    workspaces = data.get("workspaces")
    for workspace, content in (workspaces if isinstance(workspaces, dict) else {}).items():
        for section in ("channels", "commerce"):
            entries = content.get(section) if isinstance(content, dict) else None
            for name, entry in (entries if isinstance(entries, dict) else {}).items():
                if isinstance(entry, dict):
                    entry |= {"name": name, "workspace": workspace}


def _explain(document: Document, loc: Path_, kind: str, message: str) -> None:
    path = tuple(step for step in loc if step != "[key]")
    message = message.removeprefix("Value error, ")
    if kind == "extra_forbidden":
        known = _known_keys(document.data, path[:-1])
        near = difflib.get_close_matches(str(path[-1]), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(sorted(known))}"
        document.problem(path, f"unknown key {path[-1]!r}", hint)
    elif kind == "missing":
        document.problem(path, f"{path[-1]!r} is required")
    else:
        document.problem(path, message[0].lower() + message[1:])


def _known_keys(data: Any, path: Path_) -> list[str]:
    """The keys the model at a path takes, found by walking the models along the data."""
    model: Any = Config
    for step in path:
        model = _inner(model, step)
        data = _child(data, step)
        model = _account_class(data) or model
    return list(model.model_fields) if _is_model(model) else []


def _child(data: Any, step: str | int) -> Any:
    if isinstance(data, dict):
        return data.get(step)
    return data[step] if isinstance(data, list) and isinstance(step, int) else None


def _account_class(data: Any) -> type[BaseModel] | None:
    channel = CHANNELS.get(str(data.get("channel"))) if isinstance(data, dict) else None
    return channel.settings if channel else None


def _is_model(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)


def _inner(model: Any, step: str | int) -> Any:
    if _is_model(model):
        field = model.model_fields.get(step)
        return _model_in(field.annotation) if field else None
    return model.model if isinstance(model, _Container) else None


def _model_in(annotation: Any) -> Any:
    """The model inside `dict[Name, Model]`, `tuple[Model, ...]` or `Model | None`."""
    if _is_model(annotation):
        return annotation
    for argument in reversed(getattr(annotation, "__args__", ())):
        found = _model_in(argument)
        if found is not None:
            return _Container(found) if _is_mapping(annotation) else found
    return None


def _is_mapping(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) in (dict, tuple)


class _Container:
    """A mapping or list of models: the next step in a path chooses one of them."""

    def __init__(self, model: Any) -> None:
        self.model = model
