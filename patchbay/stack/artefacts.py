"""Kafka's program files: fetched once by Maven, kept in the user's cache directory."""

import fcntl
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from patchbay.stack.errors import StackFailed
from patchbay.stack.java import find_maven
from patchbay.stack.settings import StackSettings

# The newest release whose dependencies are all on Maven Central (4.4.0 lacks kafka-tools-api).
KAFKA_VERSION = "4.3.1"
_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_POM = Path(__file__).with_name("pom.xml")


def kafka_home(settings: StackSettings) -> Path:
    """Where this version's files are kept, whether they are there yet or not."""
    return settings.cache / f"kafka-{KAFKA_VERSION}"


def is_fetched(settings: StackSettings) -> bool:
    """Whether Kafka can start without Maven and without a network."""
    return (kafka_home(settings) / "libs").is_dir()


def fetch_kafka(settings: StackSettings) -> Path:
    """Kafka's directory, filled by Maven if it is empty. Raises ToolMissing or StackFailed."""
    home = kafka_home(settings)
    with locked(home.with_name(f"{home.name}.lock")):
        if not is_fetched(settings):
            _download(home)
    return home


def classpath(home: Path) -> str:
    """The jars in a fixed order: a class archive is valid for one exact class path only."""
    return ":".join(str(jar) for jar in sorted((home / "libs").glob("*.jar")))


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold an exclusive lock across processes: two test runs never fill one cache at once."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _download(home: Path) -> None:
    maven = find_maven()
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as scratch:
        pom, libs = Path(scratch) / "pom.xml", Path(scratch) / "libs"
        shutil.copy(_POM, pom)  # Maven reads other files beside a pom
        command = [str(maven), "-B", "-q", "-C", "-f", str(pom), _PLUGIN]
        result = subprocess.run(  # noqa: S603 - our own command line
            [*command, f"-Dkafka.version={KAFKA_VERSION}", f"-DoutputDirectory={libs}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise StackFailed(f"Maven could not fetch Kafka {KAFKA_VERSION}\n{result.stdout}")
        libs.rename(home / "libs")
