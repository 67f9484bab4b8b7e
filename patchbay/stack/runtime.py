"""What a Kafka node is started with: a Java, the class path, and an archive of loaded classes."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from patchbay.stack.artefacts import classpath, fetch_kafka
from patchbay.stack.java import Java, find_java
from patchbay.stack.settings import StackSettings

_JVM = (
    "-Xms128m",
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # starts twice as fast; a test's broker never lives long enough
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
)


@dataclass(frozen=True, slots=True)
class Runtime:
    """What every node of a cluster is started with."""

    java: Java
    home: Path
    jvm_options: tuple[str, ...] = ()

    def command(self, main_class: str, *arguments: str) -> list[str]:
        """A Java command line."""
        options = [*_JVM, *self.jvm_options, "-cp", classpath(self.home)]
        return [str(self.java.program), *options, main_class, *arguments]


async def prepare(
    settings: StackSettings, rehearse: Callable[[Runtime], Awaitable[bool]]
) -> Runtime:
    """Kafka's files and a class archive, which halves the start; both are made once and kept.

    `rehearse` runs a node once from start to end and says whether it ended in order: at its end
    Java writes the archive. Raises ToolMissing or StackFailed.
    """
    java = find_java(settings)
    home = await asyncio.to_thread(fetch_kafka, settings)
    plain = Runtime(java, home)
    archive = home / f"classes-{java.build}.jsa"
    if not archive.exists():
        with tempfile.TemporaryDirectory(dir=home) as scratch:
            fresh = Path(scratch) / archive.name
            if await rehearse(replace(plain, jvm_options=(f"-XX:ArchiveClassesAtExit={fresh}",))):
                fresh.replace(archive)
    return replace(plain, jvm_options=(f"-XX:SharedArchiveFile={archive}",))
