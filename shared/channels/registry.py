"""Every channel we speak. One line each; no import-time magic."""

from typing import Any

from shared.channels import Channel

_ALL: tuple[Channel[Any], ...] = ()

CHANNELS: dict[str, Channel[Any]] = {channel.name: channel for channel in _ALL}
