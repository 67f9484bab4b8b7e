"""Wrap-up: the work on a conversation after its end, timed by the server."""

from typing import Annotated, Literal

from pydantic import Field

from shared.rules.base import Name, Seconds
from shared.strict import Strict

Mode = Literal["off", "optional", "discretionary", "timed", "forced", "asked"]

_UNTIMED = frozenset({"off", "discretionary"})
_MUST_CODE = frozenset({"discretionary", "timed", "forced"})


class WrapUp(Strict):
    """What an agent of a queue does after the end, and for how long he may."""

    mode: Mode = "off"
    """`optional`: unless he says at the end that he needs none. `discretionary`: until he says that
    he is done. `timed`: until then, and for `seconds` at most. `forced`: for `seconds`, no less.
    `asked`: for `seconds` at most, if he asked for it."""
    seconds: Annotated[float, Field(ge=1, le=86_400)] = 60
    """How long it lasts, unless the agent is done before."""
    extend_seconds: Seconds = 0
    """For so long in all the agent may put its end off."""
    codes: Annotated[tuple[Name, ...], Field(max_length=200)] = ()
    """How a conversation of this queue can end. `discretionary`, `timed` and `forced` ask for one
    of them."""

    @property
    def has_end(self) -> bool:
        """Does it end by itself?"""
        return self.mode not in _UNTIMED

    @property
    def wants_code(self) -> bool:
        """Must the agent name a code to be done?"""
        return bool(self.codes) and self.mode in _MUST_CODE
