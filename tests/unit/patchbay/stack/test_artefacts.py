from pathlib import Path

import pytest

from patchbay.stack.artefacts import classpath, fetch_kafka, is_fetched, kafka_home
from patchbay.stack.errors import StackFailed
from patchbay.stack.settings import StackSettings

_COPIES_TWO_JARS = """\
for argument in "$@"; do
    case $argument in
        -DoutputDirectory=*) folder=${argument#*=} ;;
    esac
done
/bin/mkdir "$folder"
: > "$folder/b.jar"
: > "$folder/a.jar"
echo run >> "$0.log"
"""


def _maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    program = tmp_path / "mvn"
    program.write_text(f"#!/bin/sh\n{script}")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return program


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StackSettings:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return StackSettings()


def test_kafka_is_fetched_once(
    tmp_path: Path, settings: StackSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = _maven(tmp_path, monkeypatch, _COPIES_TWO_JARS)
    assert not is_fetched(settings)
    home = fetch_kafka(settings)
    assert is_fetched(settings)
    assert fetch_kafka(settings) == home
    assert program.with_name("mvn.log").read_text() == "run\n"
    assert classpath(home) == f"{home}/libs/a.jar:{home}/libs/b.jar"


def test_a_failed_download_says_why_and_leaves_nothing_half_done(
    tmp_path: Path, settings: StackSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    _maven(tmp_path, monkeypatch, f"{_COPIES_TWO_JARS}\necho no route to host\nexit 1\n")
    with pytest.raises(StackFailed, match="no route to host"):
        fetch_kafka(settings)
    assert list(kafka_home(settings).iterdir()) == []


def test_the_cache_is_in_the_users_cache_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert kafka_home(StackSettings()).parent == tmp_path / ".cache" / "patchbay"
