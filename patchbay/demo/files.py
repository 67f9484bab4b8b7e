"""A configuration for services that run elsewhere, and its secrets as files."""

import re
from dataclasses import fields
from pathlib import Path

from patchbay.demo.configuration import Places, Secrets, write_configuration

_NAMED = re.compile(r"\{env: DEMO_([A-Z_]+)\}")


def write_files(folder: Path, secrets: Path, places: Places) -> None:
    """Write `patchbay.yaml` into one folder and its secrets into another.

    Secrets that exist stay, so that a second time nothing changes for services that run.
    """
    if not (secrets / "password").exists():
        _write_secrets(secrets, Secrets())
    file = write_configuration(folder, places)
    file.write_text(
        _NAMED.sub(lambda found: f"{{file: {secrets / _file(found[1])}}}", file.read_text())
    )


def read_secrets(folder: Path) -> Secrets:
    """What `write_files` has written. Raises OSError where something is missing."""
    return Secrets(**{field.name: (folder / field.name).read_text() for field in fields(Secrets)})


def _write_secrets(folder: Path, secrets: Secrets) -> None:
    values = {field.name: getattr(secrets, field.name) for field in fields(Secrets)}
    named = {
        _file(name.removeprefix("DEMO_")): value for name, value in secrets.environment().items()
    }
    # The password comes last: it says that all the others are there.
    for name, value in (named | values).items():
        if name != "password":
            _write(folder / name, value)
    _write(folder / "password", secrets.password)


def _write(file: Path, value: str) -> None:
    file.touch(mode=0o600)
    file.write_text(value)


def _file(variable: str) -> str:
    return variable.lower()
