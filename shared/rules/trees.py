"""What all rules written as trees share: how large they may be, and how a fault in one is told."""

from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

DEEPEST = 8
"""How many trees may stand inside each other."""

LARGEST = 100
"""How many tests one tree may have."""

NESTING = frozenset({"all", "any", "not"})
"""Keys that hold other trees."""

Path = tuple[str | int, ...]


def fault(path: Path, message: str, given: Any = None) -> NoReturn:
    """Raise a ValidationError that points at this place below the rule's own field."""
    error = PydanticCustomError("rule", "{message}", {"message": message})
    details = InitErrorDetails(type=error, loc=path, input=given)
    raise ValidationError.from_exception_data("rule", [details])


def mapping(tree: Any, path: Path) -> dict[str, Any]:
    """The tree, if it is a mapping of names. Raises ValidationError."""
    if not isinstance(tree, dict) or not all(isinstance(key, str) for key in tree):
        fault(path, "a mapping is expected here", tree)
    if sum(step in NESTING for step in path) > DEEPEST:
        fault(path, f"nested more than {DEEPEST} deep")
    return tree


def several(trees: Any, path: Path) -> Sequence[Any]:
    """The members of `all` or `any`: at least one. Raises ValidationError."""
    if not isinstance(trees, list | tuple) or not trees:
        fault(path, "a list with at least one member is expected here", trees)
    return trees


def nested(key: str, value: Any, path: Path) -> Iterator[tuple[Any, Path]]:
    """The trees below a key of `NESTING`, each with its path. Raises ValidationError."""
    if key == "not":
        yield value, (*path, key)
        return
    for index, tree in enumerate(several(value, (*path, key))):
        yield tree, (*path, key, index)


def bounded(size: int, path: Path = ()) -> None:
    """Raise ValidationError if one tree has more tests than allowed."""
    if size > LARGEST:
        fault(path, f"{size} tests in one rule; at most {LARGEST} are allowed")
