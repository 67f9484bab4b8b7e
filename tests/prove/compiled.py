"""The compiled engine decides as its sources do, bit for bit."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from deploy.compile import ROOT, build, environment
from tests.prove.decided import CONTACTS, DAYS

NAME = "compiled engine"


@dataclass(frozen=True, slots=True)
class Compared:
    """How many digests there are of each, and the names of those that differ."""

    digests: int
    differ: list[str]

    @property
    def holds(self) -> bool:
        """Was anything compared, and is all the same?"""
        return self.digests > 0 and not self.differ


def compared() -> Compared:
    """Build it, and let both decide. Raises NoCompiler, CannotCompile, ValueError."""
    folder = build()
    with ThreadPoolExecutor(2) as pool:
        compiled = pool.submit(decided, folder, "compiled", DAYS, CONTACTS)
        interpreted = pool.submit(decided, ROOT, "interpreted", DAYS, CONTACTS)
        return differences(interpreted.result(), compiled.result())


def decided(packages: Path, engine: str, days: int, contacts: int) -> dict[str, str]:
    """The digests by the engine in this folder.

    Raises ValueError if it is not such an engine, or does not come to an end.
    """
    command = [sys.executable, "-m", "tests.prove.decided", str(days), str(contacts)]
    env = environment(packages)
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(f"{engine}: {' '.join(done.stderr.splitlines()[-2:])}")
    found = json.loads(done.stdout)
    if found["engine"] != engine:
        raise ValueError(f"the engine in {packages} is {found['engine']}")
    digests: dict[str, str] = found["digests"]
    return digests


def differences(one: dict[str, str], other: dict[str, str]) -> Compared:
    """Also what only one of them has differs."""
    names = sorted(one.keys() | other.keys())
    differ = [name for name in names if one.get(name) != other.get(name)]
    return Compared(min(len(one), len(other)), differ)
