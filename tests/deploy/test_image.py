"""The image: a clean Dockerfile, and a wheel with everything in it."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PACKAGES = ("patchbay", "services", "shared")


def _lint(file: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("hadolint")
    return subprocess.run([program, file], capture_output=True, text=True, check=False)


def test_hadolint_finds_nothing() -> None:
    done = _lint(ROOT / "Dockerfile")

    assert (done.returncode, done.stdout) == (0, "")


def test_hadolint_finds_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text(f"{DOCKERFILE}RUN apt-get install curl\n")

    assert "DL3008" in _lint(file).stdout


def _last_stage(dockerfile: str) -> str:
    return dockerfile.rpartition("\nFROM ")[2]


def _context(dockerfile: str) -> list[str]:
    """What is copied from the build's context."""
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE)
    return [source for copy in copies for source in copy.split()]


def _admitted(dockerignore: str) -> list[str]:
    return [line[1:] for line in dockerignore.splitlines() if line.startswith("!")]


def _faults(dockerfile: str, dockerignore: str) -> list[str]:
    """What hadolint does not know about this image."""
    stage = _last_stage(dockerfile)
    users = re.findall(r"^USER (.*)$", stage, re.MULTILINE)
    checks = {
        "runs as a numbered non-root user": users == ["10001:10001"],
        "the base is an argument": set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE))
        == {"${BASE_IMAGE}"},
        "requirements are hashed": dockerfile.count("requirements/") >= 2
        and all(
            "--require-hashes" in line
            for line in dockerfile.replace("\\\n", "").split("&&")
            if " -r requirements/" in line
        ),
        "the last stage installs nothing": not re.search(r"^RUN", stage, re.MULTILINE),
        "only what is copied is admitted": sorted(_admitted(dockerignore))
        == sorted(_context(dockerfile)),
    }
    return [claim for claim, holds in checks.items() if not holds]


def test_the_image_is_what_it_says() -> None:
    assert _faults(DOCKERFILE, (ROOT / ".dockerignore").read_text()) == []


@pytest.mark.parametrize(
    ("claim", "change"),
    [
        ("runs as a numbered non-root user", lambda text: text.replace("USER 10001:10001\n", "")),
        ("the base is an argument", lambda text: text.replace("${BASE_IMAGE}", "python:3", 1)),
        ("requirements are hashed", lambda text: text.replace("--require-hashes", "", 1)),
        ("the last stage installs nothing", lambda text: f"{text}RUN pip install x\n"),
        ("only what is copied is admitted", lambda text: text.replace("COPY shared", "COPY docs")),
    ],
)
def test_each_claim_finds_its_fault(claim: str, change: Callable[[str], str]) -> None:
    assert _faults(change(DOCKERFILE), (ROOT / ".dockerignore").read_text()) == [claim]


def test_what_is_copied_exists() -> None:
    assert [name for name in _context(DOCKERFILE) if not (ROOT / name).exists()] == []


def test_the_wheel_has_every_file_and_the_command(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    for file in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / file, tmp_path)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)

    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
        (points,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        script = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
        assert f"patchbay = {script['patchbay']}" in archive.read(points).decode()
    wanted = {
        str(file.relative_to(tmp_path))
        for package in PACKAGES
        for file in (tmp_path / package).rglob("*")
        if file.is_file()
    }
    assert packed == wanted
