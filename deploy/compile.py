"""`make compile`: the router's engine as machine code.

mypyc compiles the engine's modules in a copy of the packages, never in the source tree, where what
it makes would outlive the next change of its source. Run the copy instead of the tree with

    PYTHONSAFEPATH=1 PYTHONPATH=var/compiled .venv/bin/python -m patchbay serve all
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "var" / "compiled"
PACKAGES = ("patchbay", "services", "shared")
GROUP = "patchbay_engine"
"""The compiled modules share one library, of this name."""
ALSO = (
    "shared/estimate.py",
    "shared/ids.py",
    "shared/rules/conditions.py",
    "shared/rules/needs.py",
)
"""What the engine asks with every command."""

_OPTIMISE = "1"
_STAMP = "sources"
_TOOLS = ("mypy", "setuptools")
_HEADERS = {"Python.h": "python3-dev", "stdlib.h": "libc6-dev"}


class CannotCompile(Exception):
    """What is missing or wrong, and what to do about it."""


class NoCompiler(CannotCompile):
    """There is no C compiler, or not all that it needs."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Build what is not up to date. Exit status 1 with the reason where it cannot be built."""
    parser = argparse.ArgumentParser(prog="make compile", description=__doc__)
    parser.add_argument("--into", type=Path, help="put it beside the same sources there, too")
    parser.add_argument("--here", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.here:
        _compile_here(given.here)
        return 0
    try:
        folder = build()
        if given.into:
            put(folder, given.into)
    except CannotCompile as error:
        print(f"The engine was not compiled: {error}", file=sys.stderr)
        return 1
    print(f"compiled: {folder}")
    return 0


def build(root: Path = ROOT, folder: Path = FOLDER) -> Path:
    """The folder with the compiled engine of these sources, which takes minutes unless it is there.

    Raises NoCompiler, and CannotCompile if mypyc or the compiler refuse.
    """
    if is_current(folder, root):
        return folder
    require_tools()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}-") as name:
        new = Path(name) / folder.name
        _build(root, new)
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    return folder


def _build(root: Path, new: Path) -> None:
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__", "*.so")
        shutil.copytree(root / package, new / package, ignore=ignored)
    digest, names = digest_of(new), modules(new)
    _run([sys.executable, __file__, "--here", *names], new)
    for made in ("build", ".mypy_cache"):
        shutil.rmtree(new / made, ignore_errors=True)
    _run([sys.executable, "-P", "-c", _IMPORTS, *names], new)
    (new / _STAMP).write_text(digest)


def modules(root: Path = ROOT) -> list[str]:
    """What is compiled, as paths from the root."""
    engine = sorted((root / "services/router/engine").glob("*.py"))
    names = [str(file.relative_to(root)) for file in engine if file.name != "__init__.py"]
    return [*names, *ALSO]


def digest_of(root: Path = ROOT) -> str:
    """Of everything that a build of the packages in this folder follows from."""
    made_by = [platform.python_version(), platform.platform(), *map(_version, _TOOLS)]
    made = blake2b("\n".join(made_by).encode(), digest_size=16)
    for file in [Path(__file__), ROOT / "pyproject.toml", *_sources(root)]:
        content = file.read_bytes()
        made.update(f"{file.name} {len(content)}\n".encode() + content)
    return made.hexdigest()


def is_current(folder: Path = FOLDER, root: Path = ROOT) -> bool:
    """Was the folder built from what the sources are now?"""
    stamp = folder / _STAMP
    return stamp.exists() and stamp.read_text() == digest_of(root)


def environment(packages: Path = FOLDER) -> dict[str, str]:
    """For a process that takes the packages from this folder, and the tests from the project."""
    path = os.pathsep.join(str(folder) for folder in dict.fromkeys((packages, ROOT)))
    ours = {"PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
    return dict(os.environ) | ours  # noqa: TID251 - handed on as it is


def require_tools() -> None:
    """Raises NoCompiler, with what to install, unless all is there."""
    if missing := [name for name in _TOOLS if not _version(name)]:
        raise NoCompiler(f"{' and '.join(missing)} missing; make compile installs them")
    compiler = _compiler()
    if shutil.which(compiler[0]) is None:
        raise NoCompiler(f"no C compiler ({compiler[0]}); on Debian: apt-get install gcc libc6-dev")
    include = f"-I{sysconfig.get_path('include')}"
    for header, package in _HEADERS.items():
        command = [*compiler, include, "-E", "-x", "c", "-", "-o", os.devnull]
        text = f"#include <{header}>\n"
        done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
        if done.returncode:
            raise NoCompiler(f"{header} is missing; on Debian: apt-get install {package}")


def put(folder: Path, into: Path) -> None:
    """Copy what was compiled to where the same sources are installed. Raises CannotCompile."""
    for name in modules(folder):
        there = into / name
        if not there.exists() or there.read_bytes() != (folder / name).read_bytes():
            raise CannotCompile(f"{there} is not what was compiled; install this version there")
    for file in folder.rglob("*.so"):
        shutil.copy(file, into / file.relative_to(folder))


def _compiler() -> list[str]:
    """The one that setuptools takes, with its options."""
    told = os.environ.get("CC")  # noqa: TID251 - as every build tool
    return (told or sysconfig.get_config_var("CC") or "cc").split()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _sources(root: Path) -> Iterator[Path]:
    for package in PACKAGES:
        for file in sorted((root / package).rglob("*")):
            if file.is_file() and file.suffix not in {".pyc", ".so"}:
                yield file


def _run(command: Sequence[str], folder: Path) -> None:
    """Raises CannotCompile with the last it said."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n".join(f"{done.stdout}\n{done.stderr}".strip().splitlines()[-12:])
        raise CannotCompile(f"exit status {done.returncode}\n{said}")


def _compile_here(names: Sequence[str]) -> None:
    """In the copy. Where there is a pyproject.toml setuptools would build that project instead."""
    from mypyc.build import mypycify  # noqa: PLC0415 - not everybody who asks has them
    from setuptools import setup  # noqa: PLC0415

    config = ["--config-file", str(ROOT / "pyproject.toml")]
    extensions = mypycify([*config, *names], opt_level=_OPTIMISE, group_name=GROUP)
    setup(name=GROUP, packages=[], ext_modules=extensions, script_args=["build_ext", "--inplace"])


# A field whose type is imported under TYPE_CHECKING only ends the process when its module is the
# first to be imported, so each is, in a child of its own. (The tests find such fields, too.)
_IMPORTS = """
import importlib, os, sys
sys.path.insert(0, "")
import shared.rules, shared.events.commands, shared.events.routing
for name in sys.argv[1:]:
    name = name.removesuffix(".py").replace("/", ".")
    child = os.fork()
    if child == 0:
        module = importlib.import_module(name)
        os._exit(0 if module.__file__.endswith(".so") else 3)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        sys.exit(f"{name} cannot be imported when it is compiled: exit status {status}")
"""

if __name__ == "__main__":
    sys.exit(main())
