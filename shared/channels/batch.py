"""Batches: one bad item never costs the others."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from shared.channels import Item, Unprocessed
from shared.channels.payload import raw_of
from shared.errors import PayloadInvalid

Handle = Callable[[Any, str], Iterable[Item]]
"""Reads one element, given its place in the body. May raise PayloadInvalid."""


def each(
    elements: Sequence[Any], where: str, handle: Handle, *, recipient: str | None, kind: str
) -> Iterator[Item]:
    """The items of every element; a broken element becomes one Unprocessed of that `kind`."""
    for index, raw in enumerate(elements):
        try:
            yield from list(handle(raw, f"{where}.{index}"))
        except PayloadInvalid as error:
            yield Unprocessed(recipient, error.code, kind, raw_of(raw), str(error))


def unknown(recipient: str | None, kind: str, raw: Any, detail: str = "") -> Unprocessed:
    """An element of a type we do not know: kept whole."""
    return Unprocessed(recipient, "unknown_type", kind[:100], raw_of(raw), detail)
