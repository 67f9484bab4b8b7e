"""The configuration that the tests of view, effects and API share: two workspaces, some agents."""

from pathlib import Path

from shared.config.load import load
from shared.config.models import Config
from shared.passwords import Cost, hashed

PASSWORD = "let me in"
TOKEN, OLD_TOKEN = "t" * 32, "o" * 32


def shop() -> Config:
    """`shop` with agents ana, ben, sue (supervisor) and ada (admin), and `other` beside it."""
    environ = {
        "TOKEN": TOKEN,
        "OLD_TOKEN": OLD_TOKEN,
        "KEY": "k" * 32,
        "SECRET": "s" * 32,
        "PASSWORD": hashed(PASSWORD, Cost(log_n=4, r=1, p=1)),
    }
    return load(Path(__file__).with_suffix(".yaml"), environ)
