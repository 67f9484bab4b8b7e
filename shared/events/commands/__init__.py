"""Topic `commands`: what the engine decides on besides `inbound`.

A command's envelope id is its correlation id: the Decision that answers it carries it as `cause`.
`actor` is the agent id that asked, or `system`.
"""

from shared.events.base import Event
from shared.events.commands.callbacks import NoteCall, RequestCallback
from shared.events.commands.conversations import (
    Close,
    Consult,
    EndConsult,
    NoteDelivery,
    Snooze,
    Transfer,
    Wake,
)
from shared.events.commands.merging import MOST_MOVED, Merge, Moved, Split
from shared.events.commands.offers import AcceptOffer, BeginAccept, DeclineOffer
from shared.events.commands.presence import LosePresence, PresenceState, ResumePresence, SetPresence
from shared.events.commands.rules import Configure, EndTrial, TryRules
from shared.events.commands.senders import BlockSender, NoteAlert, UnblockSender
from shared.events.commands.wrap_ups import AskWrapUp, EndWrapUp, ExtendWrapUp

__all__ = [
    "COMMANDS",
    "MOST_MOVED",
    "AcceptOffer",
    "AskWrapUp",
    "BeginAccept",
    "BlockSender",
    "Close",
    "Command",
    "Configure",
    "Consult",
    "DeclineOffer",
    "EndConsult",
    "EndTrial",
    "EndWrapUp",
    "ExtendWrapUp",
    "LosePresence",
    "Merge",
    "Moved",
    "NoteAlert",
    "NoteCall",
    "NoteDelivery",
    "PresenceState",
    "RequestCallback",
    "ResumePresence",
    "SetPresence",
    "Snooze",
    "Split",
    "Transfer",
    "TryRules",
    "UnblockSender",
    "Wake",
]


Command = (
    SetPresence
    | LosePresence
    | ResumePresence
    | AcceptOffer
    | BeginAccept
    | DeclineOffer
    | Transfer
    | Snooze
    | Wake
    | BlockSender
    | UnblockSender
    | Consult
    | EndConsult
    | RequestCallback
    | NoteCall
    | Merge
    | Split
    | Close
    | AskWrapUp
    | ExtendWrapUp
    | EndWrapUp
    | Configure
    | TryRules
    | EndTrial
    | NoteAlert
    | NoteDelivery
)


COMMANDS: tuple[type[Event], ...] = (
    SetPresence,
    LosePresence,
    ResumePresence,
    AcceptOffer,
    BeginAccept,
    DeclineOffer,
    Transfer,
    Snooze,
    Wake,
    BlockSender,
    UnblockSender,
    Consult,
    EndConsult,
    RequestCallback,
    NoteCall,
    Merge,
    Split,
    Close,
    AskWrapUp,
    ExtendWrapUp,
    EndWrapUp,
    Configure,
    TryRules,
    EndTrial,
    NoteAlert,
    NoteDelivery,
)
