from pathlib import Path

import pytest

from patchbay.stack.errors import ToolMissing
from patchbay.stack.java import find_java, find_maven
from patchbay.stack.settings import StackSettings


def _java(folder: Path, version: str) -> Path:
    program = folder / "java"
    folder.mkdir(parents=True)
    program.write_text(
        f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n"
        f"echo 'OpenJDK Runtime Environment (build {version}+6-Debian)' >&2\n"
    )
    program.chmod(0o755)
    return program


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.delenv("JAVA_HOME", raising=False)


@pytest.mark.parametrize("version", ["17.0.15", "21", "25.0.1"])
def test_java_from_the_path(tmp_path: Path, version: str) -> None:
    program = _java(tmp_path / "path", version)
    java = find_java(StackSettings())
    assert java.program == program
    assert java.build == f"OpenJDK-Runtime-Environment-build-{version}+6-Debian"


def test_java_home_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _java(tmp_path / "path", "17.0.15")
    program = _java(tmp_path / "jdk" / "bin", "21")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    assert find_java(StackSettings()).program == program


@pytest.mark.parametrize("version", ["1.8.0_402", "11.0.22", "16"])
def test_an_old_java_counts_as_missing(tmp_path: Path, version: str) -> None:
    _java(tmp_path / "path", version)
    with pytest.raises(ToolMissing, match="Java 17 or later") as caught:
        find_java(StackSettings())
    assert caught.value.package == "openjdk-17-jre-headless"


def test_no_java_at_all() -> None:
    with pytest.raises(ToolMissing, match=r"Java is missing.*apt-get install openjdk-17"):
        find_java(StackSettings())


def test_an_empty_java_home_is_not_searched_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _java(tmp_path / "path", "21")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    with pytest.raises(ToolMissing):
        find_java(StackSettings())


def test_no_maven() -> None:
    with pytest.raises(ToolMissing, match="apt-get install maven") as caught:
        find_maven()
    assert caught.value.tool == "Maven"
