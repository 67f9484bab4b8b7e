"""The example configuration is one that services start with, as soon as its secrets are there."""

import base64
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from patchbay.cli import app
from shared.channels.registry import CHANNELS
from shared.config.load import load
from shared.passwords import Cost, hashed
from tests.deploy.example import EXAMPLE, MOUNTED, OVERLAY, mounted

SECRETS = sorted(set(re.findall(rf"{MOUNTED}/([\w-]+)", OVERLAY.read_text())))
VALUES = {
    True: hashed("a password", Cost(log_n=10, p=1)),
    False: base64.b64encode(b"a secret of 32 bytes, or more...").decode(),
}


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The example with its secrets in a folder of this test."""
    for name in SECRETS:
        (tmp_path / name).write_text(VALUES[name.endswith("password-hash")])
    file = tmp_path / "patchbay.yaml"
    file.write_text(OVERLAY.read_text().replace(MOUNTED, str(tmp_path)))
    return file


def _check(file: Path) -> Result:
    return CliRunner().invoke(app, ["check", str(file)])


def test_patchbay_check_has_nothing_to_say(installed: Path) -> None:
    result = _check(installed)

    assert result.exit_code == 0, result.output
    assert result.output.endswith("0 errors, 0 warnings\n")


@pytest.mark.parametrize("name", SECRETS)
def test_each_secret_is_missed(installed: Path, name: str) -> None:
    installed.with_name(name).unlink()

    result = _check(installed)

    assert result.exit_code == 1
    assert name in result.output


def test_it_has_every_channel_a_source_and_an_alert(installed: Path) -> None:
    (shop,) = load(installed, {}).workspaces.values()

    assert {account.channel for account in shop.channels.values()} == set(CHANNELS)
    assert shop.commerce
    assert {channel for alert in shop.alerts.values() for channel in alert.channels} <= set(
        shop.channels
    )


def test_it_is_the_one_at_the_root() -> None:
    assert mounted(EXAMPLE.read_text()) == OVERLAY.read_text(), "run `make docs`"
