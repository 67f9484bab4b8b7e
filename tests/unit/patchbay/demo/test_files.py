"""A configuration for services that run elsewhere, and its secrets as files."""

import stat
from pathlib import Path

import pytest

from patchbay.demo.attached import Surroundings
from patchbay.demo.configuration import Places
from patchbay.demo.files import read_secrets, write_files
from shared.channels.phone.settings import PhoneSettings
from shared.config.load import load

PLACES = Places("http://ingest-phone:8080", "http://demo:8090", "demo", 8025)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    folder, secrets = tmp_path / "config", tmp_path / "secrets"
    folder.mkdir()
    secrets.mkdir()
    write_files(folder, secrets, PLACES)
    return folder, secrets


def test_services_can_start_with_nothing_else(folders: tuple[Path, Path]) -> None:
    config = load(folders[0] / "patchbay.yaml", {})

    account = config.accounts()[("phone", "phone-main")]
    assert isinstance(account, PhoneSettings)
    assert account.public_url == "http://ingest-phone:8080"


def test_no_secret_stands_in_the_configuration(folders: tuple[Path, Path]) -> None:
    folder, secrets = folders
    text = (folder / "patchbay.yaml").read_text()

    assert [file.name for file in secrets.iterdir() if file.read_text() in text] == []
    assert "{env:" not in text


def test_only_their_owner_reads_the_secrets(folders: tuple[Path, Path]) -> None:
    modes = {stat.S_IMODE(file.stat().st_mode) for file in folders[1].iterdir()}

    assert modes == {0o600}


def test_a_second_time_changes_nothing(folders: tuple[Path, Path]) -> None:
    folder, secrets = folders
    before = {file: file.read_text() for where in folders for file in where.iterdir()}

    write_files(folder, secrets, PLACES)

    assert {file: file.read_text() for where in folders for file in where.iterdir()} == before


def test_what_was_written_is_read_again(folders: tuple[Path, Path]) -> None:
    secrets = read_secrets(folders[1])

    assert (folders[1] / "identity").read_text() == secrets.identity
    assert secrets.password


def test_without_files_there_are_no_secrets(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="token"):
        read_secrets(tmp_path)


def test_each_channel_has_its_own_listener() -> None:
    around = Surroundings(
        log="kafka://kafka:9092",
        shards=16,
        ingest="http://ingest-{channel}:8080",
        mail="ingest-email:2525",
        api="http://router-api:8080",
        host="0.0.0.0",
        providers_port=8090,
        smtp_port=8025,
        shown={},
    )

    layout = around.layout()

    assert layout.webhooks["apple"] == "http://ingest-apple:8080"
    assert layout.webhooks["commerce"] == "http://ingest-commerce:8080"
    assert (layout.smtp_host, layout.smtp_port) == ("ingest-email", 2525)
