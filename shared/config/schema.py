"""The models, walked along the data: which keys and values a place in the file may have."""

import difflib
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from shared.channels.registry import CHANNELS
from shared.config.models import Config
from shared.config.source import Path_


def near(name: str, known: Iterable[str]) -> str:
    """What was probably meant, as a hint; else everything there is."""
    listed = sorted(known)
    close = difflib.get_close_matches(name, listed, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known: {', '.join(listed)}" if listed else "none is defined"


def keys_at(data: Any, path: Path_, root: type[BaseModel] = Config) -> list[str]:
    """The keys that the model at a path takes; none where there is no model.

    `root` is the model of the whole file.
    """
    model: Any = root
    for step in path:
        model = _inner(model, step)
        data = _child(data, step)
        if root is Config:
            model = _account_class(data) or model
    own = {"name", "workspace"} if _is_account(model) else set()
    return [name for name in model.model_fields if name not in own] if _is_model(model) else []


def _child(data: Any, step: str | int) -> Any:
    if isinstance(data, dict):
        return data.get(str(step))
    return data[step] if isinstance(data, list) and isinstance(step, int) else None


def _account_class(data: Any) -> type[BaseModel] | None:
    channel = CHANNELS.get(str(data.get("channel"))) if isinstance(data, dict) else None
    return channel.settings if channel else None


def _is_account(model: Any) -> bool:
    """Accounts get these two from where they stand."""
    return _is_model(model) and {"name", "workspace"} <= set(model.model_fields)


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
            return _Container(found) if _is_container(annotation) else found
    return None


def _is_container(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) in (dict, tuple)


class _Container:
    """A mapping or list of models: the next step in a path chooses one of them."""

    def __init__(self, model: Any) -> None:
        self.model = model
