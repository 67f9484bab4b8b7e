"""A place in a timeline, as callers hand it back to us."""

import base64
import binascii
from dataclasses import dataclass

from services.router.api.problems import Fault, Problem


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """An entry's time and its text in the sorted set, which order all entries."""

    at: int
    member: str

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{self.at}|{self.member}".encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str, where: str) -> "Cursor":
        """Raises Problem `invalid` for what we did not give out; `where` is its JSON pointer."""
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
            at, _, member = raw.partition("|")
            return cls(int(at), member)
        except (binascii.Error, ValueError):
            fault = Fault(where, "not a cursor of an earlier answer")
            raise Problem("invalid", "The cursor cannot be read.", faults=[fault]) from None
