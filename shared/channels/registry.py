"""Every channel we speak. One line each; no import-time magic."""

from typing import Any

from shared.channels import Channel
from shared.channels.apple import Apple
from shared.channels.email import Email
from shared.channels.messenger import Messenger
from shared.channels.phone import Phone
from shared.channels.whatsapp import WhatsApp

_ALL: tuple[Channel[Any], ...] = (
    Apple(),
    Email(),
    Messenger(),
    Phone(),
    WhatsApp(),
)

CHANNELS: dict[str, Channel[Any]] = {channel.name: channel for channel in _ALL}
