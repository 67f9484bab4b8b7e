"""Find a Java that Kafka runs on, and Maven."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from patchbay.stack.errors import ToolMissing
from patchbay.stack.settings import StackSettings

JAVA_PACKAGE = "openjdk-17-jre-headless"
MAVEN_PACKAGE = "maven"
_OLDEST = 17  # Kafka 4's brokers need Java 17
_VERSION = re.compile(r'version "(\d+)[^"]*"')


@dataclass(frozen=True, slots=True)
class Java:
    """A usable Java: `program` to run it, `build` to tell two builds apart in a file name."""

    program: Path
    build: str


def find_java(settings: StackSettings) -> Java:
    """JAVA_HOME's Java, else the one on PATH. Raises ToolMissing if there is none from 17 on."""
    program = _candidate(settings)
    if program is None:
        raise ToolMissing("Java", JAVA_PACKAGE)
    answer = subprocess.run(  # noqa: S603 - the user's own Java
        [program, "-version"], capture_output=True, text=True, check=False
    ).stderr
    version = _VERSION.search(answer)
    if version is None or int(version[1]) < _OLDEST:
        raise ToolMissing(f"Java {_OLDEST} or later ({program} is older)", JAVA_PACKAGE)
    return Java(program, re.sub(r"[^0-9A-Za-z.+]+", "-", answer.splitlines()[1]).strip("-"))


def find_maven() -> Path:
    """Maven on PATH. Raises ToolMissing."""
    found = shutil.which("mvn")
    if found is None:
        raise ToolMissing("Maven", MAVEN_PACKAGE)
    return Path(found)


def _candidate(settings: StackSettings) -> Path | None:
    if settings.java_home is not None:
        program = settings.java_home / "bin" / "java"
        return program if program.exists() else None
    found = shutil.which("java")
    return Path(found).resolve() if found else None
