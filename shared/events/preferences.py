"""Topic `preferences`: who wants no messages he did not ask for. The last word, kept for ever.

`inbound` forgets after two weeks; a customer who said stop must not have to say it again.
"""

from datetime import datetime
from typing import ClassVar, Literal

from shared.events.base import Event


class Preference(Event):
    """One customer's wish on one channel; the record key is `<contact>:<purpose>`.

    `contact` is the opaque name of his address (never the address), `purpose` what the wish is
    about: every automated message, or marketing only. `source` says how it was learned: his own
    words, a control of the channel, or the provider's refusal.
    """

    TYPE: ClassVar[str] = "patchbay.preference.v1"

    workspace: str
    channel: str
    contact: str
    purpose: Literal["all", "marketing"] = "all"
    wanted: bool
    source: Literal["message", "control", "provider"]
    occurred_at: datetime
